-- Included. What optional models may add to a ready ticket later: who wants it, and whether the ticket is still as they saw it.
-- KEYS: advice*
-- INCLUDE: record

-- The most urgent ones a kind; a model that is away for long makes no list that grows for ever.
local MOST_WANTING = 10000

local function want(id, outcome)
    for _, kind in ipairs(outcome.wanted or {}) do
        redis.call('ZADD', advice_ .. kind, outcome.priority, id)
        redis.call('ZREMRANGEBYRANK', advice_ .. kind, MOST_WANTING, -1)
    end
end

-- `seen`: field, value, ...; '' stands for a field that is not there.
local function still(id, seen)
    for at = 1, #seen, 2 do
        if (get(id, seen[at])[1] or '') ~= seen[at + 1] then return false end
    end
    return true
end
