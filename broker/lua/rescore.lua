-- purpose: a later verdict on tickets that still wait for an agent: the models' on what keywords judged, or a second opinion.
-- KEYS: counters
-- ARGV: now, then per ticket a JSON object as in finish, and with {seen: [field, value, ...]} where it rests on more than keywords' word
-- returns: per ticket a code; DONE, WRONG_STATE
-- INCLUDE: fold advice

local JUDGED_BY_KEYWORDS = { 'ai_status', 'fallback' }

local function rescore(outcome)
    local id = outcome.id
    local held = get(id, 'status', 'category', 'assigned_agent')
    redis.call('ZREM', degraded, id)
    if held[1] ~= 'completed' or not still(id, outcome.seen or JUDGED_BY_KEYWORDS) then return WRONG_STATE end
    unplace(id, held[2], held[3])
    set(id, 'priority', outcome.priority, unpack(outcome.fields))
    redis.call('HINCRBY', counters, 'category:' .. held[2], -1)
    redis.call('HINCRBY', counters, 'category:' .. outcome.category, 1)
    redis.call('HINCRBY', counters, 'engine:' .. outcome.engine, 1)
    place(id, outcome.category, outcome.priority)
    want(id, outcome)
    if outcome.alert then alert_ticket(id) end
    tell(id, 'completed')
    return DONE
end

local codes = {}
for i = 2, #ARGV do codes[#codes + 1] = rescore(cjson.decode(ARGV[i])) end
return codes
