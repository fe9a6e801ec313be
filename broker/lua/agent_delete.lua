-- purpose: remove an agent; what was on their desk is assigned anew, what they hold stays theirs until resolved or expired.
-- KEYS: agents agents_seen
-- ARGV: now, name, most tickets moved
-- returns: {code, tickets still on the desk}; DONE, NOT_FOUND
-- INCLUDE: place

local name = ARGV[2]
redis.call('ZREM', agents_seen, name)
local known = redis.call('HDEL', agents, name)
local moved = clear_desk(name, tonumber(ARGV[3]))
if known == 0 and moved == 0 then return { NOT_FOUND, 0 } end
return { DONE, redis.call('ZCARD', desk_ .. name) }
