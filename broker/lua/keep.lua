-- purpose: keep what a model saw in a ticket, with the category that a person left on it, as an example to learn from.
--          Its label is read here, so that a correction made meanwhile is not lost.
-- KEYS: corrections lessons_due examples examples_corrected examples_agreed examples_aside lesson_state
-- ARGV: now, id, evidence JSON, came by ('due' or 'answered'), most of each kind
-- returns: a code; DONE, NOT_FOUND (the ticket has expired), WRONG_STATE (no longer due: set aside, or read elsewhere)
-- INCLUDE: record

local id, evidence, came_by, most = ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5])
local corrected = redis.call('ZSCORE', corrections, id)
if came_by == 'due' then
    if redis.call('ZREM', lessons_due, id) == 0 then return WRONG_STATE end
elseif corrected then
    return WRONG_STATE
end
local label = get(id, 'category')[1]
if not label then return NOT_FOUND end

local number = redis.call('HINCRBY', lesson_state, 'taken', 1)
redis.call('HSET', examples, id, cjson.encode({ label = label, evidence = evidence }))
for _, order in ipairs({ examples_corrected, examples_agreed, examples_aside }) do redis.call('ZREM', order, id) end
local order = corrected and examples_corrected or examples_agreed
redis.call('ZADD', order, number, id)
for _, old in ipairs(redis.call('ZRANGE', order, 0, -most - 1)) do
    redis.call('ZREM', order, old)
    redis.call('HDEL', examples, old)
end
return DONE
