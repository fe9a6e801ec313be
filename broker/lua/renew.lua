-- purpose: keep processing leases alive while the work goes on.
-- KEYS: processing
-- ARGV: now, lease (ms), token, ids...
-- returns: the ids whose lease this token no longer holds
-- INCLUDE: record

local deadline, token, lost = now_ms + tonumber(ARGV[2]), ARGV[3], {}
for i = 4, #ARGV do
    local id = ARGV[i]
    local held = get(id, 'status', 'lease_token')
    if held[1] == 'processing' and held[2] == token then
        redis.call('ZADD', processing, 'XX', digits(deadline), id)
        redis.call('HSET', ticket_ .. id, 'lease_ms', digits(deadline))
    else
        lost[#lost + 1] = id
    end
end
return lost
