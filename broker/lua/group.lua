-- purpose: enter judged tickets into their groups of near-duplicates before they are finished. Entering twice is as once.
--          A worker compares with the leaders it knows; if another worker has registered one since, nothing is changed and
--          the new ones are sent along, so that two workers never found two groups for one flood.
-- KEYS: leaders leaders_order groups group* group_incident counters degraded
-- ARGV: now, version known, flood window (us), flood threshold, most leaders kept, then per ticket:
--       id, accepted (us), leader's id (its own: it founds a group), fingerprint JSON or ''
-- returns: {1, version} when entered; {0, version, id, fingerprint, id, fingerprint, ...} when the worker must look again
-- INCLUDE: fold

local MOST_PRUNED = 50 -- groups forgotten a call: keeps every call short

local known, window_us, threshold, most = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local version = tonumber(redis.call('HGET', counters, 'leaders') or 0)

if version > known then
    local news = { 0, version }
    for _, id in ipairs(redis.call('ZRANGEBYSCORE', leaders_order, '(' .. known, '+inf')) do
        news[#news + 1] = id
        news[#news + 1] = redis.call('HGET', leaders, id)
    end
    return news
end

local function forget(leader)
    redis.call('HDEL', leaders, leader)
    redis.call('ZREM', leaders_order, leader)
    redis.call('ZREM', groups, leader)
    redis.call('DEL', group_ .. leader)
    redis.call('HDEL', group_incident, leader)
end

-- A late comer that was accepted early moves those behind it one place back: whoever crosses the threshold by that and
-- still waits for an agent is folded after all.
local function fold_later(leader, accepted_us)
    local later = redis.call('ZRANGEBYSCORE', group_ .. leader, '(' .. digits(accepted_us), digits(accepted_us + window_us), 'LIMIT', 0, threshold + 1)
    for _, id in ipairs(later) do
        local held = get(id, 'status', 'category', 'assigned_agent', 'created_us')
        if held[1] == 'completed' and before(leader, tonumber(held[4]), window_us) >= threshold then
            withdraw(id, held[2], held[3])
            fold(id, leader, tonumber(held[4]), window_us)
            if held[3] then fill(named(held[3]), 1) end
        end
    end
end

for i = 6, #ARGV, 4 do
    local id, accepted_us, leader, print = ARGV[i], tonumber(ARGV[i + 1]), ARGV[i + 2], ARGV[i + 3]
    if leader == id then
        if redis.call('HSETNX', leaders, id, print) == 1 then
            version = redis.call('HINCRBY', counters, 'leaders', 1)
            redis.call('ZADD', leaders_order, version, id)
        end
    elseif redis.call('HEXISTS', leaders, leader) == 0 then
        -- Forgotten meanwhile: the worker drops it and looks again.
        return { 0, version, leader, '' }
    end
    if redis.call('ZADD', group_ .. leader, 'NX', digits(accepted_us), id) == 1 then
        redis.call('ZADD', groups, 'GT', digits(accepted_us), leader)
        redis.call('ZREMRANGEBYSCORE', group_ .. leader, '-inf', '(' .. digits(accepted_us - 2 * window_us))
        fold_later(leader, accepted_us)
    end
end

for _, leader in ipairs(redis.call('ZRANGEBYSCORE', groups, '-inf', digits(now_us - 2 * window_us), 'LIMIT', 0, MOST_PRUNED)) do
    if redis.call('HEXISTS', group_incident, leader) == 1 then
        -- Its incident is open: whoever reports it again tomorrow still belongs there.
        redis.call('ZADD', groups, digits(now_us), leader)
    else
        forget(leader)
    end
end
local excess = redis.call('ZCARD', groups) - most
if excess > 0 then
    for _, leader in ipairs(redis.call('ZRANGE', groups, 0, math.min(excess, MOST_PRUNED) - 1)) do forget(leader) end
end
return { 1, version }
