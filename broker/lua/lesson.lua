-- Included. How a new version of what was learned enters the list of versions.
-- KEYS: lessons lessons_order lesson_weights lesson_state lesson_fitter
-- INCLUDE: clock

local MOST_VERSIONS = 100

-- One more than are kept: of the older half, the one that came soonest after another goes. What stays is spread over time, so
-- that there is a version of last week to go back to even when each correction of today has made one.
local function thin()
    local held = redis.call('ZRANGE', lessons_order, 0, -1, 'WITHSCORES')
    if #held / 2 <= MOST_VERSIONS then return end
    local active = redis.call('HGET', lesson_state, 'active')
    local least, victim
    for at = 3, MOST_VERSIONS, 2 do
        local gap = tonumber(held[at + 1]) - tonumber(held[at - 1])
        if held[at] ~= active and (not least or gap < least) then least, victim = gap, held[at] end
    end
    redis.call('ZREM', lessons_order, victim)
    redis.call('HDEL', lessons, victim)
    redis.call('HDEL', lesson_weights, victim)
end

-- `description` is a table; `weights` base64 or false. Ends whatever fit is under way. Returns the new version's number.
local function enter(description, weights, activate)
    local version = redis.call('HINCRBY', lesson_state, 'newest', 1)
    description.version, description.created_ms = version, now_ms
    redis.call('HSET', lessons, version, cjson.encode(description))
    redis.call('ZADD', lessons_order, now_ms, version)
    if weights then redis.call('HSET', lesson_weights, version, weights) end
    redis.call('HSET', lesson_state, 'fitted', description.taken)
    if activate then redis.call('HSET', lesson_state, 'active', version) end
    redis.call('DEL', lesson_fitter)
    thin()
    return version
end
