-- purpose: the holder puts a ticket aside until a time; then it comes back at its old place.
-- KEYS: snoozed
-- ARGV: now, token, id, until (ms), the same in words
-- returns: a code; DONE, NOT_FOUND, WRONG_STATE, STALE_LEASE
-- INCLUDE: hold

local token, id = ARGV[2], ARGV[3]
local refusal = not_held(id, token)
if refusal then return refusal end
local agent = let_go(id)
unset(id, 'assigned_agent')
set(id, 'status', 'snoozed', 'routing_reason', 'Snoozed until ' .. ARGV[5])
redis.call('ZADD', snoozed, ARGV[4], id)
if agent then fill(named(agent), 1) end
tell(id, 'snoozed')
return DONE
