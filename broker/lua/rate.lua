-- purpose: a portion of what a client may ask in the current minute.
-- KEYS: rate*
-- ARGV: now, client, requests allowed a minute, requests wanted
-- returns: {requests granted, less than wanted when the limit is reached; ms until the minute turns}
-- INCLUDE: clock

local MINUTE_US = 60000000

local allowed, wanted = tonumber(ARGV[3]), tonumber(ARGV[4])
local key = rate_ .. ARGV[2] .. ':' .. string.format('%.0f', math.floor(now_us / MINUTE_US))
local seen = tonumber(redis.call('GET', key) or 0)
local granted = math.max(0, math.min(wanted, allowed - seen))
if granted > 0 then redis.call('SET', key, seen + granted, 'EX', 120) end
return { granted, math.ceil((MINUTE_US - now_us % MINUTE_US) / 1000) }
