-- purpose: the one sender takes what is due. The attempt is counted when taken, so a repeat after a crash says so.
-- KEYS: outbox alerts sender
-- ARGV: now, sender's token, sender's lease (ms), how many, pause before an unsettled alert is due again (ms)
-- returns: {code, alert id, JSON, ...}; DONE, STALE_LEASE (another process sends)
-- INCLUDE: clock

local token, lease_ms = ARGV[2], ARGV[3]
local holder = redis.call('GET', sender)
if holder and holder ~= token then return { STALE_LEASE } end
redis.call('SET', sender, token, 'PX', lease_ms)

local taken = { DONE }
for _, id in ipairs(redis.call('ZRANGEBYSCORE', outbox, '-inf', string.format('%.0f', now_ms), 'LIMIT', 0, ARGV[4])) do
    local alert = cjson.decode(redis.call('HGET', alerts, id))
    alert.attempt = alert.attempt + 1
    local json = cjson.encode(alert)
    redis.call('HSET', alerts, id, json)
    redis.call('ZADD', outbox, string.format('%.0f', now_ms + tonumber(ARGV[5])), id)
    taken[#taken + 1] = id
    taken[#taken + 1] = json
end
return taken
