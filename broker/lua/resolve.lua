-- purpose: the holder is done; the freed slot takes the next fitting ticket in the same breath.
-- KEYS: resolved counters
-- ARGV: now, token, id, has a response ('1' or '0'), response
-- returns: a code; DONE, NOT_FOUND, WRONG_STATE, STALE_LEASE
-- INCLUDE: hold

local token, id = ARGV[2], ARGV[3]
local refusal = not_held(id, token)
if refusal then return refusal end

local agent = let_go(id)
set(id, 'status', 'resolved', 'resolved_ms', digits(now_ms))
if ARGV[4] == '1' then redis.call('HSET', ticket_ .. id, 'response', ARGV[5]) end
redis.call('ZADD', resolved, digits(now_ms), id)
if agent then
    redis.call('HINCRBY', counters, 'resolved_by:' .. agent, 1)
    fill(named(agent), 1)
end
tell(id, 'resolved')
return DONE
