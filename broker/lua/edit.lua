-- purpose: an agent's corrections. A corrected category is kept as an example to learn from, with what was judged before.
-- KEYS: corrections counters
-- ARGV: now, token or '', id, category or '', priority or '', then field, value, ... for the record
-- returns: a code; DONE, NOT_FOUND, WRONG_STATE (still being judged), STALE_LEASE (somebody else holds it)
-- INCLUDE: hold

local token, id, category, priority = ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local held = get(id, 'status', 'category', 'assigned_agent', 'priority')
local status, before = held[1], held[2]
if not status then return NOT_FOUND end
if status == 'claimed' then
    local refusal = not_held(id, token)
    if refusal then return refusal end
elseif not before or status == 'processing' or status == 'pending' then
    return WRONG_STATE
end
if category == '' then category = before end
if priority == '' then priority = held[4] end

if status == 'completed' then
    unplace(id, before, held[3])
    redis.call('ZREM', ready, id)
end
if category ~= before then
    redis.call('HSETNX', ticket_ .. id, 'judged_category', before)
    redis.call('ZADD', corrections, digits(now_ms), id)
    redis.call('HINCRBY', counters, 'category:' .. before, -1)
    redis.call('HINCRBY', counters, 'category:' .. category, 1)
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
