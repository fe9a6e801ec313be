-- purpose: settle an incident's members, a bounded number a call; the caller repeats until none is left. A member that an
--          agent holds stays with them.
-- KEYS: incidents incident* members* group_incident folded resolved resolving counters
-- ARGV: now, incident id, most members a call, members settled by earlier calls
-- returns: {code, how many were looked at, how many members in all}; DONE, NOT_FOUND
-- INCLUDE: place

local incident_id, most, from = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local leader = redis.call('HGET', incident_ .. incident_id, 'leader')
if not leader then return { NOT_FOUND, 0, 0 } end
redis.call('HSET', incident_ .. incident_id, 'status', 'resolved', 'resolved_ms', digits(now_ms))
redis.call('SADD', resolving, incident_id)
-- From here on a new report founds a new incident.
if redis.call('HGET', group_incident, leader) == incident_id then redis.call('HDEL', group_incident, leader) end

local batch = redis.call('ZRANGE', members_ .. incident_id, from, from + most - 1)
for _, id in ipairs(batch) do
    local held = get(id, 'status', 'category', 'assigned_agent')
    local settled = false
    if held[1] == 'master_incident' then
        redis.call('ZREM', folded, id)
        settled = true
    elseif held[1] == 'completed' then
        withdraw(id, held[2], held[3])
        if held[3] then fill(named(held[3]), 1) end
        settled = true
    end
    if settled then
        set(id, 'status', 'resolved', 'resolved_ms', digits(now_ms), 'response', 'Settled with incident ' .. incident_id)
        redis.call('ZADD', resolved, digits(now_ms), id)
        tell(id, 'resolved')
    end
end
local all = redis.call('ZCARD', members_ .. incident_id)
if from + #batch >= all then redis.call('SREM', resolving, incident_id) end
return { DONE, #batch, all }
