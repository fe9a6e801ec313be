-- purpose: a resolved ticket was not done after all; back to its old place in the queue.
-- KEYS: resolved
-- ARGV: now, id
-- returns: a code; DONE, NOT_FOUND, WRONG_STATE
-- INCLUDE: place

local id = ARGV[2]
local held = get(id, 'status', 'category', 'priority')
if not held[1] then return NOT_FOUND end
if held[1] ~= 'resolved' then return WRONG_STATE end
redis.call('ZREM', resolved, id)
unset(id, 'assigned_agent')
redis.call('HDEL', ticket_ .. id, 'resolved_ms')
set(id, 'status', 'completed')
place(id, held[2], held[3])
tell(id, 'completed')
return DONE
