-- Included. now(): Unix time in microseconds. ARGV[1] is empty in production: the server's clock is the one clock that
-- all machines share, so a process whose own clock jumps changes nothing. Tests pass their own time there.
local function now()
    if ARGV[1] ~= '' then return tonumber(ARGV[1]) end
    local t = redis.call('TIME')
    return tonumber(t[1]) * 1000000 + tonumber(t[2])
end

local now_us = now()
local now_ms = math.floor(now_us / 1000)
