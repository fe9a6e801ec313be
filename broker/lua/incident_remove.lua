-- purpose: a ticket does not belong to an incident; if it was folded, it goes back to the queue.
-- KEYS: members* incident* folded
-- ARGV: now, incident id, ticket id
-- returns: a code; DONE, NOT_FOUND
-- INCLUDE: place

local incident_id, id = ARGV[2], ARGV[3]
if redis.call('ZREM', members_ .. incident_id, id) == 0 then return NOT_FOUND end
unset(id, 'incident_id')
local held = get(id, 'status', 'category', 'priority')
if held[1] == 'master_incident' then
    redis.call('ZREM', folded, id)
    set(id, 'status', 'completed')
    place(id, held[2], held[3])
    held[1] = 'completed'
end
tell(id, held[1])
return DONE
