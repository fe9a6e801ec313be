-- purpose: forget resolved tickets and incidents after the retention time, with every index entry; a bounded number a call.
-- KEYS: resolved incidents incident* members* corrections counters skipped*
-- ARGV: now, retention (ms), most a call
-- returns: how many tickets were forgotten
-- INCLUDE: record

local before, most = now_ms - tonumber(ARGV[2]), tonumber(ARGV[3])

local expired = redis.call('ZRANGEBYSCORE', resolved, '-inf', digits(before), 'LIMIT', 0, most)
for _, id in ipairs(expired) do
    for name in pairs(INDEXED) do unset(id, name) end
    redis.call('ZREM', index_ .. 'all', id)
    redis.call('ZREM', corrections, id)
    redis.call('ZREM', resolved, id)
    redis.call('DEL', ticket_ .. id, skipped_ .. id)
end
if #expired > 0 then redis.call('HINCRBY', counters, 'expired', #expired) end

-- An incident that is still open is kept, however old.
for _, id in ipairs(redis.call('ZRANGEBYSCORE', incidents, '-inf', digits(before), 'LIMIT', 0, most)) do
    local settled_ms = redis.call('HGET', incident_ .. id, 'resolved_ms')
    if settled_ms and tonumber(settled_ms) <= before then
        redis.call('ZREM', incidents, id)
        redis.call('DEL', incident_ .. id, members_ .. id)
    end
end
return #expired
