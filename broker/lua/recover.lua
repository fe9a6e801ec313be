-- purpose: bring back whatever got stuck, a bounded amount a call so that no backlog makes it slow.
-- KEYS: snoozed hours
-- ARGV: now, most of each kind, grace before a lost bell is rung again (ms), attempts allowed, hours kept
-- returns: {rung again, processing leases expired, died, claims expired, woken, slots filled}
-- INCLUDE: hold retry

local most, grace_us, attempts_allowed = tonumber(ARGV[2]), tonumber(ARGV[3]) * 1000, tonumber(ARGV[4])
local expired, died, unclaimed, woken, filled = 0, 0, 0, 0, 0

-- The list is in the order of the pending scores. What is pending and older than the list's head is not in the list: its
-- bell was popped and then lost (a reply cut off, a worker killed between pop and claim).
local horizon = now_us - grace_us
for _ = 1, most do
    local head = redis.call('LINDEX', bell, 0)
    if not head then break end
    local score = redis.call('ZSCORE', pending, head)
    if score then
        horizon = math.min(horizon, tonumber(score))
        break
    end
    redis.call('LPOP', bell) -- already taken
end
for _, id in ipairs(redis.call('ZRANGEBYSCORE', pending, '-inf', '(' .. digits(horizon), 'LIMIT', 0, most)) do ring(id) end
local lost = rings

for _, id in ipairs(redis.call('ZRANGEBYSCORE', processing, '-inf', digits(now_ms), 'LIMIT', 0, most)) do
    expired = expired + 1
    if not retry(id, attempts_allowed, 'the worker died or fell silent') then died = died + 1 end
end

for _, id in ipairs(redis.call('ZRANGEBYSCORE', claimed, '-inf', digits(now_ms), 'LIMIT', 0, most)) do
    put_back(id)
    unclaimed = unclaimed + 1
end

for _, id in ipairs(redis.call('ZRANGEBYSCORE', snoozed, '-inf', digits(now_ms), 'LIMIT', 0, most)) do
    redis.call('ZREM', snoozed, id)
    put_back(id)
    woken = woken + 1
end

roster = nil
for _, agent in ipairs(everyone()) do
    local before = load(agent)
    fill(agent, most)
    filled = filled + load(agent) - before
end

local oldest = math.floor(now_us / 3600000000) - tonumber(ARGV[5])
for _, hour in ipairs(redis.call('HKEYS', hours)) do
    if tonumber(hour) < oldest then redis.call('HDEL', hours, hour) end
end
return { lost, expired, died, unclaimed, woken, filled }
