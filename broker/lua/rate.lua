-- purpose: count one request of a client in the current minute.
-- KEYS: rate*
-- ARGV: now, client, requests allowed a minute
-- returns: 1 within the limit, 0 over it
-- INCLUDE: clock

local key = rate_ .. ARGV[2] .. ':' .. string.format('%.0f', math.floor(now_us / 60000000))
local seen = redis.call('INCR', key)
if seen == 1 then redis.call('EXPIRE', key, 120) end
return seen <= tonumber(ARGV[3]) and 1 or 0
