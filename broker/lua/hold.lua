-- Included. What the holder of an agent's lease may do, and how a ticket leaves an agent's hands.
-- KEYS: claimed
-- INCLUDE: place

-- nil when this token holds the ticket now; else the code that says why not.
local function not_held(id, token)
    local held = get(id, 'status', 'lease_token', 'lease_ms')
    if not held[1] then return NOT_FOUND end
    if held[1] ~= 'claimed' then return held[1] == 'resolved' and WRONG_STATE or STALE_LEASE end
    -- Expired but not yet swept counts as expired: nobody acts on a lease that ran out.
    if held[2] ~= token or tonumber(held[3]) <= now_ms then return STALE_LEASE end
end

-- Out of the holder's hands and off every index; the slot is free, and whoever waits longest for it gets it.
local function let_go(id)
    redis.call('ZREM', claimed, id)
    redis.call('ZREM', queue, id)
    local agent = redis.call('HGET', ticket_ .. id, 'assigned_agent')
    if agent then redis.call('SREM', hands_ .. agent, id) end
    redis.call('HDEL', ticket_ .. id, 'lease_token', 'lease_ms', 'holder')
    roster = nil
    return agent
end

-- Back among the ready at its old priority, assigned anew. Still to be judged by the models if only keywords have.
local function put_back(id)
    let_go(id)
    local held = get(id, 'category', 'priority', 'ai_status')
    set(id, 'status', 'completed')
    place(id, held[1], held[2])
    if held[3] == 'fallback' then redis.call('ZADD', degraded, digits(now_ms), id) end
    tell(id, 'completed')
end
