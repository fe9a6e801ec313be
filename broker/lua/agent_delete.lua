-- purpose: remove an agent; what was on their desk is assigned anew, what they hold stays theirs until resolved or expired.
-- KEYS: agents agents_seen
-- ARGV: now, name, most tickets moved
-- returns: {code, tickets still on the desk}; DONE, NOT_FOUND
-- INCLUDE: place

local name = ARGV[2]
redis.call('ZREM', agents_seen, name)
local known = redis.call('HDEL', agents, name)
local moved = redis.call('ZRANGE', desk_ .. name, 0, tonumber(ARGV[3]) - 1)
if known == 0 and #moved == 0 then return { NOT_FOUND, 0 } end
for _, id in ipairs(moved) do
    local held = get(id, 'category', 'priority')
    unplace(id, held[1], name)
    place(id, held[1], held[2])
    tell(id, 'completed')
end
return { DONE, redis.call('ZCARD', desk_ .. name) }
