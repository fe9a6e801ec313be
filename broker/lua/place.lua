-- Included. Puts a ticket among the ready ones, on the desk of the best free agent or visibly on nobody's.
-- KEYS: ready queue unassigned* categories degraded
-- INCLUDE: agents

local function free_slots(agent) return agent.capacity - agent.load end

local function best_agent(category)
    local best, best_score
    for _, agent in ipairs(everyone()) do
        if agent.status == 'online' and free_slots(agent) > 0 and fits(agent, category) then
            local score = SKILL_WEIGHT * (agent.skills[category] or 0) + FREE_WEIGHT * free_slots(agent) / agent.capacity
            if not best or score > best_score then best, best_score = agent, score end
        end
    end
    return best, best_score
end

local function why_nobody(category)
    local fitting, online = 0, 0
    for _, agent in ipairs(everyone()) do
        if fits(agent, category) then
            fitting = fitting + 1
            if agent.status == 'online' then online = online + 1 end
        end
    end
    if fitting == 0 then return 'Nobody assigned: there are no agents' end
    if online == 0 then return 'Nobody assigned: no agent for ' .. category .. ' is online' end
    return 'Nobody assigned: every slot for ' .. category .. ' is taken; the next free one takes it'
end

local function give(id, category, agent, score)
    local known = agent.skills[category]
    local reason = string.format('%s: %s, %d of %d slots free, score %.2f', agent.name,
        known and known > 0 and string.format('%s skill %.2g', category, known) or ('nobody lists ' .. category .. ' as a skill'),
        free_slots(agent), agent.capacity, score)
    agent.load = agent.load + 1
    redis.call('ZADD', desk_ .. agent.name, redis.call('ZSCORE', ready, id), id)
    set(id, 'assigned_agent', agent.name, 'routing_reason', reason)
end

-- Takes a ready ticket off whatever desk or list holds it; it stays in `ready`.
local function unplace(id, category, agent)
    if agent then
        redis.call('ZREM', desk_ .. agent, id)
        if roster and named(agent) then named(agent).load = named(agent).load - 1 end
    else
        redis.call('ZREM', unassigned_ .. category, id)
    end
end

local function place(id, category, priority)
    redis.call('ZADD', ready, priority, id)
    redis.call('ZADD', queue, priority, id)
    local agent, score = best_agent(category)
    if agent then return give(id, category, agent, score) end
    redis.call('ZADD', unassigned_ .. category, priority, id)
    redis.call('SADD', categories, category)
    unset(id, 'assigned_agent')
    set(id, 'routing_reason', why_nobody(category))
end

-- The head of the lists of unassigned tickets that this agent fits: most urgent first, then oldest.
local function best_unassigned(agent)
    local best, best_priority, best_category
    for _, category in ipairs(redis.call('SMEMBERS', categories)) do
        if not agent or fits(agent, category) then
            local head = redis.call('ZRANGE', unassigned_ .. category, 0, 0, 'WITHSCORES')
            if head[1] and (not best or tonumber(head[2]) < best_priority) then
                best, best_priority, best_category = head[1], tonumber(head[2]), category
            end
        end
    end
    return best, best_priority, best_category
end

-- Gives free slots to waiting tickets, at most `most` of them; called wherever a slot may have come free.
local function fill(agent, most)
    while agent and agent.status == 'online' and free_slots(agent) > 0 and most > 0 do
        local id, _, category = best_unassigned(agent)
        if not id then return end
        redis.call('ZREM', unassigned_ .. category, id)
        give(id, category, agent, SKILL_WEIGHT * (agent.skills[category] or 0) + FREE_WEIGHT * free_slots(agent) / agent.capacity)
        tell(id, 'completed')
        most = most - 1
    end
end
