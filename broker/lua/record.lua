-- Included. What every verb does to a record.
-- KEYS: ticket* events
-- INCLUDE: clock

-- Lua prints numbers above 2^53 / 100 in scientific notation; records hold plain digits.
local function digits(number) return string.format('%.0f', number) end

local function set(id, ...)
    redis.call('HSET', ticket_ .. id, 'updated_ms', digits(now_ms), ...)
end

local function get(id, ...)
    return redis.call('HMGET', ticket_ .. id, ...)
end

local function tell(id, status)
    redis.call('PUBLISH', events, '{"ticket_id":"' .. id .. '","status":"' .. status .. '"}')
end
