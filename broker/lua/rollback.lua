-- purpose: back to an earlier version: every example taken in after it is set aside, and a new version equal to it is active.
-- KEYS: lessons lesson_weights lesson_state lessons_due examples examples_corrected examples_agreed examples_aside
-- ARGV: now, version (0: nothing learned), description JSON of version 0, most set aside
-- returns: {code, new version, how many were set aside}; DONE, NOT_FOUND
-- INCLUDE: lesson

local version, most = ARGV[2], tonumber(ARGV[4])
local held = version == '0' and ARGV[3] or redis.call('HGET', lessons, version)
if not held then return { NOT_FOUND, 0, 0 } end
local description = cjson.decode(held)

-- What nobody has read yet came later than any version.
local count = redis.call('ZCARD', lessons_due)
redis.call('DEL', lessons_due)
for _, order in ipairs({ examples_corrected, examples_agreed }) do
    local late = redis.call('ZRANGEBYSCORE', order, '(' .. description.taken, '+inf', 'WITHSCORES')
    for at = 1, #late, 2 do redis.call('ZADD', examples_aside, late[at + 1], late[at]) end
    count = count + redis.call('ZREMRANGEBYSCORE', order, '(' .. description.taken, '+inf')
end
for _, old in ipairs(redis.call('ZRANGE', examples_aside, 0, -most - 1)) do
    redis.call('ZREM', examples_aside, old)
    redis.call('HDEL', examples, old)
end

-- What is taken in from here on is what a rollback to the new version would set aside.
description.taken = tonumber(redis.call('HGET', lesson_state, 'taken') or 0)
description.equals, description.activated = tonumber(version), true
return { DONE, enter(description, redis.call('HGET', lesson_weights, version), true), count }
