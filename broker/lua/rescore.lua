-- purpose: the models' later verdict on tickets that keywords judged, as long as they still wait for an agent.
-- KEYS: counters
-- ARGV: now, then per ticket a JSON object as in finish
-- returns: per ticket a code; DONE, WRONG_STATE
-- INCLUDE: fold

local function rescore(outcome)
    local id = outcome.id
    local held = get(id, 'status', 'ai_status', 'category', 'assigned_agent')
    redis.call('ZREM', degraded, id)
    if held[1] ~= 'completed' or held[2] ~= 'fallback' then return WRONG_STATE end
    unplace(id, held[3], held[4])
    set(id, 'priority', outcome.priority, unpack(outcome.fields))
    redis.call('HINCRBY', counters, 'category:' .. held[3], -1)
    redis.call('HINCRBY', counters, 'category:' .. outcome.category, 1)
    redis.call('HINCRBY', counters, 'engine:' .. outcome.engine, 1)
    place(id, outcome.category, outcome.priority)
    if outcome.alert then alert_ticket(id) end
    tell(id, 'completed')
    return DONE
end

local codes = {}
for i = 2, #ARGV do codes[#codes + 1] = rescore(cjson.decode(ARGV[i])) end
return codes
