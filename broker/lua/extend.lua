-- purpose: the holder needs longer.
-- ARGV: now, token, id, lease (ms)
-- returns: a code; DONE, NOT_FOUND, WRONG_STATE, STALE_LEASE
-- INCLUDE: hold

local token, id, deadline = ARGV[2], ARGV[3], now_ms + tonumber(ARGV[4])
local refusal = not_held(id, token)
if refusal then return refusal end
redis.call('ZADD', claimed, digits(deadline), id)
set(id, 'lease_ms', digits(deadline))
tell(id, 'claimed')
return DONE
