-- purpose: a worker takes the popped id and a few more behind it; each gets a processing lease.
-- KEYS: bell pending processing
-- ARGV: now, lease (ms), token, how many at most, popped id or ''
-- returns: per ticket {id, created_us, attempts, subject, body, description}
-- INCLUDE: record

local deadline = now_ms + tonumber(ARGV[2])
local token, want, popped = ARGV[3], tonumber(ARGV[4]), ARGV[5]
local taken = {}

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

if popped ~= '' then take(popped) end
while #taken < want do
    local id = redis.call('LPOP', bell)
    if not id then break end
    take(id)
end
return taken
