-- purpose: agents who sent heartbeats and stopped: after a grace they are offline and what is unclaimed goes to others; after a
--          longer one what they hold is handed back too.
-- KEYS: agents agents_seen
-- ARGV: now, grace before offline (ms), grace before what they hold is handed back (ms), most tickets moved an agent
-- returns: {set offline, tickets handed back}
-- INCLUDE: hold

local grace_ms, long_ms, most = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local gone, handed_back = 0, 0

for _, name in ipairs(redis.call('ZRANGEBYSCORE', agents_seen, '-inf', digits(now_ms - grace_ms))) do
    local agent = named(name)
    if not agent then
        redis.call('ZREM', agents_seen, name)
    else
        if agent.status ~= 'offline' then
            redis.call('HSET', agents, name, cjson.encode({ skills = agent.skills, capacity = agent.capacity, status = 'offline' }))
            roster = nil
            gone = gone + 1
        end
        clear_desk(name, most)
        if tonumber(redis.call('ZSCORE', agents_seen, name)) <= now_ms - long_ms then
            for _, id in ipairs(redis.call('SRANDMEMBER', hands_ .. name, most)) do
                put_back(id)
                handed_back = handed_back + 1
            end
        end
    end
end
return { gone, handed_back }
