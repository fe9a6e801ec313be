-- purpose: an agent's corrections. A category that was set, or confirmed, becomes an example to learn from; a changed one is kept with
--          what was judged before.
-- KEYS: corrections lessons_due counters
-- ARGV: now, token or '', id, category or '', priority or '', then field, value, ... for the record
-- returns: a code; DONE, NOT_FOUND, WRONG_STATE (still being judged), STALE_LEASE (somebody else holds it, or the sender no longer)
-- INCLUDE: hold

-- As many as are kept once they are read.
local MOST_DUE = 5000

local token, id, category, priority = ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local held = get(id, 'status', 'category', 'assigned_agent', 'priority')
local status, before = held[1], held[2]
if not status then return NOT_FOUND end
-- Who sends a token speaks as the holder: an edit that comes after the lease has ended is as late as any other answer.
if status == 'claimed' or token ~= '' then
    local refusal = not_held(id, token)
    if refusal then return refusal end
elseif not before or status == 'processing' or status == 'pending' then
    return WRONG_STATE
end
local said = category ~= ''
if not said then category = before end
if priority == '' then priority = held[4] end

if status == 'completed' then
    unplace(id, before, held[3])
    redis.call('ZREM', ready, id)
end
if category ~= before then
    redis.call('HSETNX', ticket_ .. id, 'judged_category', before)
    redis.call('HINCRBY', counters, 'category:' .. before, -1)
    redis.call('HINCRBY', counters, 'category:' .. category, 1)
end
if said then
    redis.call('ZADD', corrections, digits(now_ms), id)
    redis.call('ZADD', lessons_due, digits(now_ms), id)
    redis.call('ZREMRANGEBYRANK', lessons_due, 0, -MOST_DUE - 1)
end
-- A person has looked: the models' second look has nothing to add.
redis.call('ZREM', degraded, id)
set(id, 'category', category, 'priority', priority, 'needs_review', '0', 'ai_status', 'done', unpack(ARGV, 6))
if status == 'completed' then
    place(id, category, priority)
elseif status == 'claimed' then
    redis.call('ZADD', queue, priority, id)
end
tell(id, status)
return DONE
