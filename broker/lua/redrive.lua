-- purpose: a ticket that was given up is tried again from the start.
-- KEYS: dead
-- ARGV: now, id
-- returns: a code; DONE, NOT_FOUND, WRONG_STATE
-- INCLUDE: retry

local id = ARGV[2]
local status = get(id, 'status')[1]
if not status then return NOT_FOUND end
if status ~= 'dead' then return WRONG_STATE end
redis.call('ZREM', dead, id)
redis.call('HDEL', ticket_ .. id, 'error')
set(id, 'status', 'pending', 'attempts', '0')
ring(id)
tell(id, 'pending')
return DONE
