-- Included. What every verb does to a record. All writes of a record go through `set` and `unset`, which keep the listing
-- indexes in step: no verb can forget one.
-- KEYS: ticket* events news index*
-- INCLUDE: clock

local INDEXED = {
    status = true, category = true, urgency_label = true, assigned_agent = true, requester = true, incident_id = true,
    needs_review = true,
}

-- Lua prints large numbers in scientific notation; records hold plain digits.
local function digits(number) return string.format('%.0f', number) end

local function reindex(id, created_us, name, old, new)
    if old == new then return end
    if old then redis.call('ZREM', index_ .. name .. ':' .. old, id) end
    if new then redis.call('ZADD', index_ .. name .. ':' .. new, created_us, id) end
end

local function set(id, ...)
    local words, names, values = { ... }, { 'created_us' }, {}
    for at = 1, #words, 2 do
        values[words[at]] = words[at + 1]
        if INDEXED[words[at]] then names[#names + 1] = words[at] end
    end
    if #names > 1 then
        local old = redis.call('HMGET', ticket_ .. id, unpack(names))
        for at = 2, #names do reindex(id, old[1] or values.created_us, names[at], old[at], values[names[at]]) end
    end
    redis.call('HSET', ticket_ .. id, 'updated_ms', digits(now_ms), ...)
end

-- A record that nobody has written before, so no index holds it: nothing to look up and nothing to take out.
local function create(id, created_us, ...)
    local words = { ... }
    for at = 1, #words, 2 do
        if INDEXED[words[at]] then redis.call('ZADD', index_ .. words[at] .. ':' .. words[at + 1], created_us, id) end
    end
    redis.call('HSET', ticket_ .. id, 'updated_ms', digits(now_ms), 'created_us', created_us, ...)
end

local function unset(id, name)
    if INDEXED[name] then reindex(id, 0, name, redis.call('HGET', ticket_ .. id, name), nil) end
    redis.call('HDEL', ticket_ .. id, name)
end

local function get(id, ...)
    return redis.call('HMGET', ticket_ .. id, ...)
end

-- How many changes can be caught up with after a lost connection; older ones are answered by looking at the tickets anew.
local NEWS_KEPT = 10000

local function tell(id, status)
    -- Whose it is tells a process which of its waiting agents to wake.
    local agent = status == 'completed' and redis.call('HGET', ticket_ .. id, 'assigned_agent') or ''
    local event = redis.call('XADD', news, 'MAXLEN', '~', NEWS_KEPT, '*', 'ticket_id', id, 'status', status, 'agent', agent)
    redis.call('PUBLISH', events, cjson.encode({ event_id = event, ticket_id = id, status = status, agent = agent }))
end
