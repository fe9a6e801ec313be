-- purpose: a worker gives tickets back undone (it is stopping, or the batch failed); to be taken again at once.
-- KEYS: bell pending processing
-- ARGV: now, token, counts as an attempt ('1') or not ('0'), reason or '', ids...
-- returns: how many went back
-- INCLUDE: record

local token, counts, reason, given = ARGV[2], ARGV[3], ARGV[4], 0
for i = 5, #ARGV do
    local id = ARGV[i]
    local held = get(id, 'status', 'lease_token')
    if held[1] == 'processing' and held[2] == token then
        redis.call('ZREM', processing, id)
        redis.call('HDEL', ticket_ .. id, 'lease_token', 'lease_ms')
        if counts == '0' then redis.call('HINCRBY', ticket_ .. id, 'attempts', -1) end
        if reason ~= '' then redis.call('HSET', ticket_ .. id, 'error', reason) end
        set(id, 'status', 'pending')
        redis.call('ZADD', pending, digits(now_us), id)
        redis.call('RPUSH', bell, id)
        tell(id, 'pending')
        given = given + 1
    end
end
return given
