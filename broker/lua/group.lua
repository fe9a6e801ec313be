-- purpose: enter judged tickets into their groups of near-duplicates before they are finished. Entering twice is as once.
--          A worker compares with the groups it knows; if another worker has changed one since, nothing is changed and
--          the changes are sent along, so that two workers never found two groups for one flood.
-- KEYS: leaders leaders_order exemplars* merged groups group* group_incident counters degraded
-- ARGV: now, version known, insist (1: enter although it is old), flood window (us), flood threshold, most groups kept,
--       number of tickets, then per ticket: id, accepted (us), leader's id (its own: it founds a group), exemplar JSON or '',
--       doubtful (1: it counts in the flood and is not folded); then per merge: leader of a group of one, leader of the group
--       that takes it in, doubtful
-- returns: {1 entered or 0 the worker must look again, version, {the leader of each ticket}, {id, exemplar JSON or '' (forgotten), ...}}
-- INCLUDE: fold

local MOST_PRUNED = 50 -- groups forgotten a call: keeps every call short
local HEAD, WORDS = 7, 5 -- words of ARGV before the tickets, and a ticket

local known, insist, window_us, threshold, most = tonumber(ARGV[2]), ARGV[3] == '1', tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local first_merge = HEAD + WORDS * tonumber(ARGV[7]) + 1
local version = tonumber(redis.call('HGET', counters, 'leaders') or 0)

local function changes()
    local found = {}
    for _, id in ipairs(redis.call('ZRANGEBYSCORE', leaders_order, '(' .. known, '+inf')) do
        found[#found + 1] = id
        found[#found + 1] = redis.call('HGET', leaders, id)
    end
    return found
end

if version > known and not insist then return { 0, version, {}, changes() } end

local function register(id, leader, packed)
    redis.call('HSET', leaders, id, packed)
    redis.call('SADD', exemplars_ .. leader, id)
    version = redis.call('HINCRBY', counters, 'leaders', 1)
    redis.call('ZADD', leaders_order, version, id)
end

local function forget(leader)
    for _, id in ipairs(redis.call('SMEMBERS', exemplars_ .. leader)) do
        redis.call('HDEL', leaders, id)
        redis.call('ZREM', leaders_order, id)
        redis.call('HDEL', merged, id)
    end
    redis.call('ZREM', groups, leader)
    redis.call('DEL', group_ .. leader, exemplars_ .. leader)
    redis.call('HDEL', group_incident, leader)
end

-- Folds a ticket that still waits for an agent, if by now enough came before it.
local function fold_if_due(id, leader)
    local held = get(id, 'status', 'category', 'assigned_agent', 'created_us', 'doubtful')
    if held[1] == 'completed' and not held[5] and before(leader, tonumber(held[4]), window_us) >= threshold then
        withdraw(id, held[2], held[3])
        fold(id, leader, tonumber(held[4]), window_us)
        if held[3] then fill(named(held[3]), 1) end
    end
end

local function enter(id, leader, accepted_us)
    set(id, 'group_leader', leader)
    redis.call('ZADD', group_ .. leader, digits(accepted_us), id)
    redis.call('ZADD', groups, 'GT', digits(accepted_us), leader)
    redis.call('ZREMRANGEBYSCORE', group_ .. leader, '-inf', '(' .. digits(accepted_us - 2 * window_us))
    -- A late comer that was accepted early moves those behind it one place back: whoever crosses the threshold by that is
    -- folded after all.
    local later = redis.call('ZRANGEBYSCORE', group_ .. leader, '(' .. digits(accepted_us), digits(accepted_us + window_us), 'LIMIT', 0, threshold + 1)
    for _, follower in ipairs(later) do fold_if_due(follower, leader) end
end

-- A group of one that a grown group would have taken in, had it been there first.
local function merge(stray, leader, doubtful)
    if redis.call('SCARD', exemplars_ .. stray) ~= 1 or redis.call('HEXISTS', group_incident, stray) == 1 then return end
    if stray == leader or redis.call('EXISTS', exemplars_ .. leader) == 0 then return end
    local exemplar = cjson.decode(redis.call('HGET', leaders, stray))
    local members = redis.call('ZRANGE', group_ .. stray, 0, -1, 'WITHSCORES')
    forget(stray)
    redis.call('HSET', merged, stray, leader)
    exemplar[1] = leader
    -- '' tells the workers that the stray is no group any more.
    register(stray, leader, doubtful and '' or cjson.encode(exemplar))
    if doubtful and get(stray, 'status')[1] then set(stray, 'doubtful', '1') end
    for at = 1, #members, 2 do
        local id, accepted_us = members[at], tonumber(members[at + 1])
        if get(id, 'status')[1] then
            enter(id, leader, accepted_us)
            fold_if_due(id, leader)
            local held, open = get(id, 'incident_id', 'doubtful'), redis.call('HGET', group_incident, leader)
            if open and not held[1] and not held[2] then join_incident(open, id, accepted_us) end
        end
    end
end

local chosen = {}
for i = HEAD + 1, first_merge - 1, WORDS do
    local id, accepted_us, leader, packed, doubtful = ARGV[i], tonumber(ARGV[i + 1]), root(ARGV[i + 2]), ARGV[i + 3], ARGV[i + 4] == '1'
    local was = get(id, 'group_leader')[1]
    if was and redis.call('ZSCORE', group_ .. root(was), id) then
        leader = root(was) -- entered before, by a worker that did not live to finish it
    else
        if leader ~= id and redis.call('EXISTS', exemplars_ .. leader) == 0 then
            return { 0, version, {}, { leader, '' } } -- forgotten meanwhile: the worker drops it and looks again
        end
        if packed ~= '' then register(id, leader, packed) end
        unset(id, 'doubtful')
        if doubtful then set(id, 'doubtful', '1') end
        enter(id, leader, accepted_us)
    end
    chosen[#chosen + 1] = leader
end
for i = first_merge, #ARGV, 3 do merge(ARGV[i], ARGV[i + 1], ARGV[i + 2] == '1') end
for at = 1, #chosen do chosen[at] = root(chosen[at]) end

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
return { 1, version, chosen, changes() }
