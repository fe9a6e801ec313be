-- Included. A ticket whose work was not finished goes back to be taken again, or is given up.
-- KEYS: bell pending processing dead
-- INCLUDE: record

local rings = 0

-- In at the end of the list, with a pending score to match: the two keep the same order.
local function ring(id)
    redis.call('ZADD', pending, digits(now_us + rings), id)
    redis.call('RPUSH', bell, id)
    rings = rings + 1
end

-- True when it may be tried again; false when this was its last attempt.
local function retry(id, attempts_allowed, reason)
    redis.call('ZREM', processing, id)
    redis.call('HDEL', ticket_ .. id, 'lease_token', 'lease_ms')
    if tonumber(redis.call('HGET', ticket_ .. id, 'attempts')) < attempts_allowed then
        set(id, 'status', 'pending', 'error', reason)
        ring(id)
        tell(id, 'pending')
        return true
    end
    set(id, 'status', 'dead', 'error', 'Given up after ' .. attempts_allowed .. ' attempts; the last: ' .. reason)
    redis.call('ZADD', dead, digits(now_ms), id)
    tell(id, 'dead')
    return false
end
