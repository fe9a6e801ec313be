-- purpose: take tickets in, each all or nothing. The record's first field is its lock (HSETNX: SET NX on the ticket id without
--          a second key), SET NX locks the idempotency key; both are taken here and nowhere else.
-- KEYS: bell pending counters hours idempotency*
-- ARGV: now, backlog limit, idempotency lifetime (s), then per ticket:
--       id, idempotency key or '', digest, number of field words, field, value, ...
-- returns: per ticket {code, ticket id}; ACCEPTED, REPLAYED, KEY_REUSED, TICKET_EXISTS, BACKLOG_FULL
-- INCLUDE: record

local limit, lifetime_s = tonumber(ARGV[2]), ARGV[3]
local room = limit - redis.call('ZCARD', pending)
local answers, accepted, at = {}, 0, 4
-- Entered together at the end: one command for all where there was one for each.
local ids, scored = {}, {}

while at <= #ARGV do
    local id, key, digest, words = ARGV[at], ARGV[at + 1], ARGV[at + 2], tonumber(ARGV[at + 3])
    local first = at + 4
    at = first + words
    local answer
    local before = key ~= '' and redis.call('GET', idempotency_ .. key)
    if before then
        local same = string.sub(before, 1, #digest) == digest
        answer = { same and REPLAYED or KEY_REUSED, string.sub(before, #digest + 2) }
    else
        -- When there is room the lock is taken without asking first.
        local new = accepted < room and redis.call('HSETNX', ticket_ .. id, 'digest', digest) == 1
        local stands = not new and redis.call('HGET', ticket_ .. id, 'digest')
        if new then
            -- Microseconds keep the order of arrival, also inside one call.
            local when = digits(now_us + accepted)
            accepted = accepted + 1
            if key ~= '' then redis.call('SET', idempotency_ .. key, digest .. ':' .. id, 'NX', 'EX', lifetime_s) end
            create(id, when, 'ticket_id', id, 'status', 'pending', unpack(ARGV, first, at - 1))
            ids[accepted] = id
            scored[2 * accepted - 1], scored[2 * accepted] = when, id
            answer = { ACCEPTED, id }
        elseif stands then
            answer = { stands == digest and REPLAYED or TICKET_EXISTS, id }
        else
            answer = { BACKLOG_FULL, id }
        end
    end
    answers[#answers + 1] = answer
end

if accepted > 0 then
    redis.call('ZADD', pending, unpack(scored))
    redis.call('ZADD', index_ .. 'all', unpack(scored))
    redis.call('RPUSH', bell, unpack(ids))
    for _, id in ipairs(ids) do tell(id, 'pending') end
    redis.call('HINCRBY', counters, 'accepted', accepted)
    redis.call('HINCRBY', hours, digits(math.floor(now_us / 3600000000)), accepted)
end
return answers
