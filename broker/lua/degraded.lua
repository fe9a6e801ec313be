-- purpose: hand out tickets that keywords judged, to be judged again; each is offered to nobody else for a while.
-- KEYS: degraded
-- ARGV: now, pause before another worker may have it (ms), how many
-- returns: per ticket {id, created_us, attempts, subject, body, description}
-- INCLUDE: record

local taken = {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', degraded, '-inf', digits(now_ms), 'LIMIT', 0, ARGV[3])) do
    redis.call('ZADD', degraded, digits(now_ms + tonumber(ARGV[2])), id)
    local held = get(id, 'created_us', 'attempts', 'subject', 'body', 'description')
    taken[#taken + 1] = { id, held[1], held[2], held[3] or '', held[4] or '', held[5] or '' }
end
return taken
