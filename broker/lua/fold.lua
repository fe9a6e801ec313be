-- Included. Folds near-duplicates into one incident and opens it when it is due.
-- KEYS: merged group* group_incident incidents incident* members* folded counters outbox alerts
-- INCLUDE: place

local function enqueue_alert(alert_id, kind, subject)
    if redis.call('HSETNX', alerts, alert_id, cjson.encode({ kind = kind, subject = subject, created_ms = now_ms, attempt = 0 })) == 1 then
        redis.call('ZADD', outbox, digits(now_ms), alert_id)
    end
end

-- One alert a ticket for its whole life, however often it is judged.
local function alert_ticket(id)
    if redis.call('HSETNX', ticket_ .. id, 'alerted_ms', digits(now_ms)) == 1 then enqueue_alert('ticket:' .. id, 'ticket', id) end
end

-- The leader of the group that this leader's group has become part of, or itself.
local function root(leader) return redis.call('HGET', merged, leader) or leader end

-- How many near-duplicates were accepted within the window before this one: its place in the flood, whatever order the
-- workers finish in.
local function before(leader, accepted_us, window_us)
    return redis.call('ZCOUNT', group_ .. leader, digits(accepted_us - window_us), '(' .. digits(accepted_us))
end

local function join_incident(incident_id, id, accepted_us)
    redis.call('ZADD', members_ .. incident_id, 'NX', digits(accepted_us), id)
    set(id, 'incident_id', incident_id)
    local ms = math.floor(accepted_us / 1000)
    local known = redis.call('HMGET', incident_ .. incident_id, 'first_ms', 'last_ms')
    if not known[1] or ms < tonumber(known[1]) then redis.call('HSET', incident_ .. incident_id, 'first_ms', digits(ms)) end
    if not known[2] or ms > tonumber(known[2]) then redis.call('HSET', incident_ .. incident_id, 'last_ms', digits(ms)) end
end

-- The incident of this group, opened with all its members if there is none yet.
local function incident_of(leader, accepted_us, window_us)
    local incident_id = redis.call('HGET', group_incident, leader)
    if incident_id then return incident_id end
    incident_id = 'INC-' .. redis.call('HINCRBY', counters, 'incidents', 1)
    redis.call('HSET', group_incident, leader, incident_id)
    redis.call('ZADD', incidents, digits(now_ms), incident_id)
    local about = get(leader, 'category', 'summary')
    redis.call('HSET', incident_ .. incident_id, 'incident_id', incident_id, 'status', 'open', 'leader', leader,
        'category', about[1] or '', 'summary', about[2] or '', 'opened_ms', digits(now_ms))
    for _, member in ipairs(redis.call('ZRANGEBYSCORE', group_ .. leader, digits(accepted_us - window_us), digits(accepted_us))) do
        -- A doubtful one counts in the flood, and stays with the agents: its cause may be another.
        if not get(member, 'doubtful')[1] then
            join_incident(incident_id, member, tonumber(redis.call('ZSCORE', group_ .. leader, member)))
        end
    end
    enqueue_alert('incident:' .. incident_id, 'incident', incident_id)
    return incident_id
end

local function fold(id, leader, accepted_us, window_us)
    local incident_id = incident_of(leader, accepted_us, window_us)
    join_incident(incident_id, id, accepted_us)
    local from_us = tonumber(redis.call('HGET', incident_ .. incident_id, 'from_us'))
    if not from_us or accepted_us < from_us then redis.call('HSET', incident_ .. incident_id, 'from_us', digits(accepted_us)) end
    unset(id, 'assigned_agent')
    set(id, 'status', 'master_incident', 'routing_reason', 'Folded into an incident: one cause, one fix')
    redis.call('ZADD', folded, digits(now_ms), id)
    tell(id, 'master_incident')
end

-- True when this ticket belongs inside an incident rather than in the queue: enough came before it, or it came after the
-- first folded one of an incident that is still open.
local function floods(leader, accepted_us, window_us, threshold)
    if before(leader, accepted_us, window_us) >= threshold then return true end
    local open = redis.call('HGET', group_incident, leader)
    return open and accepted_us >= tonumber(redis.call('HGET', incident_ .. open, 'from_us'))
end
