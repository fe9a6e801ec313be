-- purpose: the one sender takes what is due. The attempt is counted when taken, so a repeat after a crash says so.
-- KEYS: outbox alerts sender
-- ARGV: now, sender's token, sender's lease (ms), pause before an unsettled alert is due again (ms),
--       how many due alerts are still told one by one, how many make a digest
-- returns: {code, alert id, JSON, ...}; DONE, STALE_LEASE (another process sends)
-- INCLUDE: clock

local token, lease_ms = ARGV[2], ARGV[3]
local holder = redis.call('GET', sender)
if holder and holder ~= token then return { STALE_LEASE } end
redis.call('SET', sender, token, 'PX', lease_ms)

-- One at a time while few are due; many at once go into a digest.
local due = redis.call('ZCOUNT', outbox, '-inf', string.format('%.0f', now_ms))
local want = due > tonumber(ARGV[5]) and ARGV[6] or 1

local taken = { DONE }
for _, id in ipairs(redis.call('ZRANGEBYSCORE', outbox, '-inf', string.format('%.0f', now_ms), 'LIMIT', 0, want)) do
    local alert = cjson.decode(redis.call('HGET', alerts, id))
    alert.attempt = alert.attempt + 1
    local json = cjson.encode(alert)
    redis.call('HSET', alerts, id, json)
    redis.call('ZADD', outbox, string.format('%.0f', now_ms + tonumber(ARGV[4])), id)
    taken[#taken + 1] = id
    taken[#taken + 1] = json
end
return taken
