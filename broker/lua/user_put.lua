-- purpose: create a requester; the email is taken or refused in the same instant.
-- KEYS: users users_email users_created
-- ARGV: now, id, email in lower case, JSON
-- returns: a code; CREATED, EMAIL_TAKEN
-- INCLUDE: clock

local id, email = ARGV[2], ARGV[3]
if redis.call('HSETNX', users_email, email, id) == 0 then return EMAIL_TAKEN end
redis.call('HSET', users, id, ARGV[4])
redis.call('ZADD', users_created, string.format('%.0f', now_us), id)
return CREATED
