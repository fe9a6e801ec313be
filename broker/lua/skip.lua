-- purpose: the holder passes a ticket on; it goes back to its place for others.
-- KEYS: skipped*
-- ARGV: now, token, id, reason
-- returns: a code; DONE, NOT_FOUND, WRONG_STATE, STALE_LEASE
-- INCLUDE: hold

local token, id = ARGV[2], ARGV[3]
local refusal = not_held(id, token)
if refusal then return refusal end
local held = get(id, 'holder', 'assigned_agent')
local who = held[1] ~= '' and held[1] or held[2]
if who then redis.call('SADD', skipped_ .. id, who) end
set(id, 'skip_reason', ARGV[4])
put_back(id)
return DONE
