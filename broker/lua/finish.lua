-- purpose: the whole outcome of judged tickets at once: record, ready set, agent's slot, incident, alert, counters, news.
--          Nothing happens for a ticket whose lease the token no longer holds.
-- KEYS: processing latency
-- ARGV: now, token, flood window (us), flood threshold, then per ticket a JSON object:
--       {id, priority, category, engine, degraded, alert, leader or null, fields: [name, value, ...], wanted: kinds of advice}
-- returns: per ticket a code; DONE, FOLDED, STALE_LEASE
-- INCLUDE: fold advice

-- Buckets grow by a tenth of e: 10 % resolution from 1 ms to days in under 250 fields.
local BUCKETS_PER_E = 10

local token, window_us, threshold = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local codes = {}

local function count(outcome, created_us)
    redis.call('HINCRBY', counters, 'category:' .. outcome.category, 1)
    redis.call('HINCRBY', counters, 'engine:' .. outcome.engine, 1)
    local waited_ms = math.max(0, (now_us - created_us) / 1000)
    redis.call('HINCRBY', latency, math.floor(math.log(waited_ms + 1) * BUCKETS_PER_E), 1)
end

local function finish(outcome)
    local id = outcome.id
    local held = get(id, 'status', 'lease_token', 'created_us', 'doubtful')
    if held[1] ~= 'processing' or held[2] ~= token then return STALE_LEASE end
    local created_us = tonumber(held[3])
    redis.call('ZREM', processing, id)
    redis.call('HDEL', ticket_ .. id, 'lease_token', 'lease_ms', 'error')
    set(id, 'status', 'completed', 'priority', outcome.priority, unpack(outcome.fields))
    count(outcome, created_us)
    if outcome.leader ~= cjson.null and not held[4] then
        local leader = root(outcome.leader)
        if floods(leader, created_us, window_us, threshold) then
            fold(id, leader, created_us, window_us)
            return FOLDED
        end
        -- One of the first few, judged after the incident was opened: it stays in the queue, and is settled with the rest.
        local open = redis.call('HGET', group_incident, leader)
        if open then join_incident(open, id, created_us) end
    end
    place(id, outcome.category, outcome.priority)
    if outcome.degraded then redis.call('ZADD', degraded, digits(now_ms), id) end
    want(id, outcome)
    if outcome.alert then alert_ticket(id) end
    tell(id, 'completed')
    return DONE
end

for i = 5, #ARGV do codes[#codes + 1] = finish(cjson.decode(ARGV[i])) end
return codes
