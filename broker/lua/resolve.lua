-- purpose: the holder is done; the freed slot takes the next fitting ticket in the same breath.
-- KEYS: resolved counters answered
-- ARGV: now, token, id, has a response ('1' or '0'), response
-- returns: a code; DONE, NOT_FOUND, WRONG_STATE, STALE_LEASE
-- INCLUDE: hold

-- Resolved tickets that wait to be learned from; more than that many at once are more than a worker needs.
local MOST_TO_LEARN = 1000

local token, id = ARGV[2], ARGV[3]
local refusal = not_held(id, token)
if refusal then return refusal end

local agent = let_go(id)
set(id, 'status', 'resolved', 'resolved_ms', digits(now_ms))
if ARGV[4] == '1' then set(id, 'response', ARGV[5]) end
redis.call('LPUSH', answered, id)
redis.call('LTRIM', answered, 0, MOST_TO_LEARN - 1)
redis.call('ZADD', resolved, digits(now_ms), id)
if agent then
    redis.call('HINCRBY', counters, 'resolved_by:' .. agent, 1)
    fill(named(agent), 1)
end
tell(id, 'resolved')
return DONE
