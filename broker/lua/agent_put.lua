-- purpose: create or change an agent; free slots are filled at once, and one who is gone gives unclaimed tickets back.
-- KEYS: agents agents_seen agents_seeded
-- ARGV: now, name, JSON {skills, capacity, status}, how: 'put', 'seed' (only if never seeded) or 'status' (only if known)
-- returns: {code, JSON, load}; CREATED, DONE, NOT_FOUND
-- INCLUDE: place

local MOST = 100 -- tickets moved a call; the sweep moves the rest

local name, how = ARGV[2], ARGV[4]
local before = redis.call('HGET', agents, name)
if how == 'seed' and (redis.call('SADD', agents_seeded, name) == 0 or before) then return { DONE, before or '', 0 } end
if how == 'status' and not before then return { NOT_FOUND } end

local record = ARGV[3]
if how == 'status' then
    local changed = cjson.decode(before)
    changed.status = ARGV[3]
    record = cjson.encode(changed)
end
redis.call('HSET', agents, name, record)
-- Only who sends heartbeats is missed when they stop: agents that are scripts or were seeded stay as they are.
if how == 'status' then redis.call('ZADD', agents_seen, digits(now_ms), name) end

local agent = named(name)
if agent.status == 'offline' then
    clear_desk(name, MOST)
else
    fill(agent, MOST)
end
return { before and DONE or CREATED, record, load(agent) }
