-- purpose: the holder gives a ticket back; it returns to its old place in the queue.
-- ARGV: now, token, id
-- returns: a code; DONE, NOT_FOUND, WRONG_STATE, STALE_LEASE
-- INCLUDE: hold

local refusal = not_held(ARGV[3], ARGV[2])
if refusal then return refusal end
put_back(ARGV[3])
return DONE
