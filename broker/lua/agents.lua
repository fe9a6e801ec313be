-- Included. Who could take a ticket: skill and free slots, read once a call.
-- KEYS: agents desk* hands* skipped*
-- INCLUDE: record

-- score = 0.6 skill + 0.4 free share of capacity (design, section 4).
local SKILL_WEIGHT, FREE_WEIGHT = 0.6, 0.4

local roster

-- Tickets that take a slot: never stored, so never wrong. Counted when first asked for, then kept up to date by this call.
local function load(agent)
    if not agent.load then agent.load = redis.call('ZCARD', desk_ .. agent.name) + redis.call('SCARD', hands_ .. agent.name) end
    return agent.load
end

local function everyone()
    if roster then return roster end
    roster = {}
    local flat = redis.call('HGETALL', agents)
    for i = 1, #flat, 2 do
        local agent = cjson.decode(flat[i + 1])
        agent.name, agent.load = flat[i], nil
        roster[#roster + 1] = agent
    end
    table.sort(roster, function(a, b) return a.name < b.name end)
    return roster
end

local function skilled(agent, category)
    return (agent.skills[category] or 0) > 0
end

-- Nobody lists the category as a skill: then it is everybody's, rather than nobody's for ever.
local function anybodys(category)
    for _, agent in ipairs(everyone()) do
        if skilled(agent, category) then return false end
    end
    return true
end

local function fits(agent, category)
    return skilled(agent, category) or anybodys(category)
end

-- An agent who passed a ticket on is not offered it again.
local function passed(name, id)
    return redis.call('SISMEMBER', skipped_ .. id, name) == 1
end

local function named(name)
    for _, agent in ipairs(everyone()) do
        if agent.name == name then return agent end
    end
end
