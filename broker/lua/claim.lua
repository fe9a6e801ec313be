-- purpose: a worker takes the popped id and a few more behind it; each gets a processing lease.
-- KEYS: bell pending processing
-- ARGV: now, lease (ms), token, how many at most, popped id or '', tries after which a ticket is taken alone
-- returns: per ticket {id, created_us, attempts, subject, body, description}
-- INCLUDE: record

local deadline = now_ms + tonumber(ARGV[2])
local token, want, popped, alone_after = ARGV[3], tonumber(ARGV[4]), ARGV[5], tonumber(ARGV[6])
local taken = {}

-- Whoever was there so often as a worker died may be the reason, and is taken alone. It clears itself, or is given up,
-- without taking its neighbours along.
local function suspect(id)
    return tonumber(redis.call('HGET', ticket_ .. id, 'attempts') or 0) >= alone_after
end

local function take(id)
    -- Rung twice, or already with another worker: nothing to do.
    if redis.call('ZREM', pending, id) == 0 then return end
    redis.call('ZADD', processing, digits(deadline), id)
    -- Counted when taken: a ticket that kills its worker is counted too.
    redis.call('HINCRBY', ticket_ .. id, 'attempts', 1)
    set(id, 'status', 'processing', 'lease_token', token, 'lease_ms', digits(deadline))
    local held = get(id, 'created_us', 'attempts', 'subject', 'body', 'description')
    taken[#taken + 1] = { id, held[1], held[2], held[3] or '', held[4] or '', held[5] or '' }
    tell(id, 'processing')
end

local id = popped ~= '' and popped or redis.call('LPOP', bell)
while id do
    local alone = suspect(id)
    if alone and #taken > 0 then
        redis.call('LPUSH', bell, id)
        break
    end
    take(id)
    if #taken == want or alone and #taken > 0 then break end
    id = redis.call('LPOP', bell)
end
return taken
