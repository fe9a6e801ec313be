-- purpose: every number of /stats at one instant. The states are counted where the tickets are, never by counters.
-- KEYS: pending processing ready claimed snoozed folded resolved dead counters hours latency categories unassigned* degraded
-- KEYS: outbox incidents
-- ARGV: now
-- returns: {states, counters, hours, latency, unassigned by category, loads by agent} as flat name, value lists
-- INCLUDE: agents

local states = {
    'pending', redis.call('ZCARD', pending),
    'processing', redis.call('ZCARD', processing),
    'ready', redis.call('ZCARD', ready),
    'claimed', redis.call('ZCARD', claimed),
    'snoozed', redis.call('ZCARD', snoozed),
    'folded', redis.call('ZCARD', folded),
    'resolved', redis.call('ZCARD', resolved),
    'dead', redis.call('ZCARD', dead),
    'degraded', redis.call('ZCARD', degraded),
    'outbox', redis.call('ZCARD', outbox),
    'incidents', redis.call('ZCARD', incidents),
}
local waiting, loads = {}, {}
for _, category in ipairs(redis.call('SMEMBERS', categories)) do
    waiting[#waiting + 1] = category
    waiting[#waiting + 1] = redis.call('ZCARD', unassigned_ .. category)
end
for _, agent in ipairs(everyone()) do
    loads[#loads + 1] = agent.name
    loads[#loads + 1] = load(agent)
end
return { states, redis.call('HGETALL', counters), redis.call('HGETALL', hours), redis.call('HGETALL', latency), waiting, loads }
