-- purpose: lease the most urgent ready ticket. A named agent gets from their own desk or from what is nobody's and fits them.
-- KEYS: claimed agents
-- ARGV: now, lease (ms), token, agent or ''
-- returns: {DONE, id}, {EMPTY} or {NO_AGENT}
-- INCLUDE: place

local deadline, token, agent = now_ms + tonumber(ARGV[2]), ARGV[3], ARGV[4]
local id

if agent == '' then
    id = redis.call('ZRANGE', ready, 0, 0)[1]
else
    if not named(agent) then return { NO_AGENT } end
    local own = redis.call('ZRANGE', desk_ .. agent, 0, 0, 'WITHSCORES')
    local free, priority = best_unassigned(named(agent))
    id = own[1]
    if free and (not id or priority < tonumber(own[2])) then id = free end
end
if not id then return { EMPTY } end

local held = get(id, 'category', 'assigned_agent')
local category, assigned = held[1], held[2]
redis.call('ZREM', ready, id)
redis.call('ZREM', degraded, id)
if assigned then
    redis.call('ZREM', desk_ .. assigned, id)
else
    redis.call('ZREM', unassigned_ .. category, id)
    if agent ~= '' then
        assigned = agent
        set(id, 'assigned_agent', agent, 'routing_reason', agent .. ' pulled it: the most urgent one that was nobody\'s')
    end
end
-- An unnamed puller works in the name of the assigned agent: the slot stays taken until the ticket is done.
if assigned then redis.call('SADD', hands_ .. assigned, id) end
redis.call('ZADD', claimed, digits(deadline), id)
set(id, 'status', 'claimed', 'lease_token', token, 'lease_ms', digits(deadline), 'holder', agent)
tell(id, 'claimed')
return { DONE, id }
