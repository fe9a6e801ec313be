-- Included. Puts a ticket among the ready ones, on the desk of the best free agent or visibly on nobody's.
-- KEYS: ready queue unassigned* categories degraded
-- INCLUDE: agents

local function free_slots(agent) return agent.capacity - load(agent) end

local function score_of(agent, category)
    return SKILL_WEIGHT * (agent.skills[category] or 0) + FREE_WEIGHT * free_slots(agent) / agent.capacity
end

local function best_agent(id, category)
    local best, best_score
    for _, agent in ipairs(everyone()) do
        if agent.status == 'online' and free_slots(agent) > 0 and fits(agent, category) and not passed(agent.name, id) then
            local score = score_of(agent, category)
            if not best or score > best_score then best, best_score = agent, score end
        end
    end
    return best, best_score
end

local function why_nobody(id, category)
    local fitting, online, willing = 0, 0, 0
    for _, agent in ipairs(everyone()) do
        if fits(agent, category) then
            fitting = fitting + 1
            if agent.status == 'online' then
                online = online + 1
                if not passed(agent.name, id) then willing = willing + 1 end
            end
        end
    end
    if fitting == 0 then return 'Nobody assigned: there are no agents' end
    if online == 0 then return 'Nobody assigned: no agent for ' .. category .. ' is online' end
    if willing == 0 then return 'Nobody assigned: everybody online for ' .. category .. ' has passed it on' end
    return 'Nobody assigned: every slot for ' .. category .. ' is taken; the next free one takes it'
end

local function give(id, category, agent, score)
    local known = agent.skills[category]
    local reason = string.format('%s: %s, %d of %d slots free, score %.2f', agent.name,
        known and known > 0 and string.format('%s skill %.2g', category, known)
            or anybodys(category) and 'nobody lists ' .. category .. ' as a skill'
            or 'no ' .. category .. ' skill, but it waited too long for one who has it',
        free_slots(agent), agent.capacity, score)
    agent.load = load(agent) + 1
    redis.call('ZADD', desk_ .. agent.name, redis.call('ZSCORE', ready, id), id)
    set(id, 'assigned_agent', agent.name, 'routing_reason', reason)
end

-- Takes a ready ticket off whatever desk or list holds it; it stays in `ready`.
local function unplace(id, category, agent)
    if agent then
        redis.call('ZREM', desk_ .. agent, id)
        if roster and named(agent) then named(agent).load = nil end
    else
        redis.call('ZREM', unassigned_ .. category, id)
    end
end

-- Takes a ready ticket out of the queue altogether: it is settled or folded elsewhere.
local function withdraw(id, category, agent)
    unplace(id, category, agent)
    redis.call('ZREM', ready, id)
    redis.call('ZREM', queue, id)
    redis.call('ZREM', degraded, id)
end

local function place(id, category, priority)
    redis.call('ZADD', ready, priority, id)
    redis.call('ZADD', queue, priority, id)
    local agent, score = best_agent(id, category)
    if agent then return give(id, category, agent, score) end
    redis.call('ZADD', unassigned_ .. category, priority, id)
    redis.call('SADD', categories, category)
    unset(id, 'assigned_agent')
    set(id, 'routing_reason', why_nobody(id, category))
end

-- After this long nobody's, any free agent will do: a wrong pair of hands beats none.
local RELAX_AFTER_US = 600 * 1000000
-- How far down a list is looked for a ticket that this agent may have: it passed on those above.
local MOST_LOOKED_AT = 20

-- The first ticket of a category's list that this agent may have, with its priority.
local function first_for(agent, category)
    local fitting = fits(agent, category)
    local list = unassigned_ .. category
    local head = redis.call('ZRANGE', list, 0, 0, 'WITHSCORES')
    if not head[1] then return end
    if fitting and not passed(agent.name, head[1]) then return head[1], tonumber(head[2]) end
    local some = redis.call('ZRANGE', list, 0, MOST_LOOKED_AT - 1, 'WITHSCORES')
    for at = 1, #some, 2 do
        local id = some[at]
        if not passed(agent.name, id) and (fitting or now_us - tonumber(get(id, 'created_us')[1]) > RELAX_AFTER_US) then
            return id, tonumber(some[at + 1])
        end
    end
end

-- What is nobody's and fits this agent: most urgent first, then oldest.
local function best_unassigned(agent)
    local best, best_priority, best_category
    for _, category in ipairs(redis.call('SMEMBERS', categories)) do
        local id, priority = first_for(agent, category)
        if id and (not best or priority < best_priority) then best, best_priority, best_category = id, priority, category end
    end
    return best, best_priority, best_category
end

-- Gives free slots to waiting tickets, at most `most` of them; called wherever a slot may have come free.
local function fill(agent, most)
    while agent and agent.status == 'online' and free_slots(agent) > 0 and most > 0 do
        local id, _, category = best_unassigned(agent)
        if not id then return end
        redis.call('ZREM', unassigned_ .. category, id)
        give(id, category, agent, score_of(agent, category))
        tell(id, 'completed')
        most = most - 1
    end
end

-- What lies on a desk, unclaimed, is assigned anew. Returns how many.
local function clear_desk(name, most)
    local ids = redis.call('ZRANGE', desk_ .. name, 0, most - 1)
    for _, id in ipairs(ids) do
        local held = get(id, 'category', 'priority')
        unplace(id, held[1], name)
        place(id, held[1], held[2])
        tell(id, 'completed')
    end
    return #ids
end
