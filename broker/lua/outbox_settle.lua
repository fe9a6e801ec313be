-- purpose: what became of alerts that were taken: delivered, to be tried later, or refused for good.
-- KEYS: outbox alerts alerts_dead sender
-- ARGV: now, sender's token, 'delivered' | 'later' | 'refused', delay (ms) or reason, ids...
-- returns: a code; DONE, STALE_LEASE (no longer the sender: nothing changed)
-- INCLUDE: clock

local MOST_DEAD = 1000 -- refused alerts kept to look at

local token, fate, detail = ARGV[2], ARGV[3], ARGV[4]
if redis.call('GET', sender) ~= token then return STALE_LEASE end
for i = 5, #ARGV do
    local id = ARGV[i]
    if fate == 'later' then
        redis.call('ZADD', outbox, 'XX', string.format('%.0f', now_ms + tonumber(detail)), id)
    else
        local json = redis.call('HGET', alerts, id)
        redis.call('ZREM', outbox, id)
        redis.call('HDEL', alerts, id)
        if fate == 'refused' and json and redis.call('HLEN', alerts_dead) < MOST_DEAD then
            local alert = cjson.decode(json)
            alert.reason, alert.refused_ms = detail, now_ms
            redis.call('HSET', alerts_dead, id, cjson.encode(alert))
        end
    end
end
return DONE
