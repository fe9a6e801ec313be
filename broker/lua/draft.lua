-- purpose: another suggested reply for a ticket that still waits as it was seen; who has it in hand keeps what they see.
-- ARGV: now, id, draft, where it comes from, then field, value, ... as they were seen ('': not there)
-- returns: a code; DONE, WRONG_STATE
-- INCLUDE: advice

local id, draft, source = ARGV[2], ARGV[3], ARGV[4]
if get(id, 'status')[1] ~= 'completed' or not still(id, { unpack(ARGV, 5) }) then return WRONG_STATE end
set(id, 'draft_response', draft, 'draft_source', source)
tell(id, 'completed')
return DONE
