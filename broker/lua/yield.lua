-- purpose: a worker could not judge these tickets and says so.
-- ARGV: now, token, attempts allowed, reason, ids...
-- returns: how many were given back
-- INCLUDE: retry

local token, attempts_allowed, reason, given = ARGV[2], tonumber(ARGV[3]), ARGV[4], 0
for i = 5, #ARGV do
    local held = get(ARGV[i], 'status', 'lease_token')
    if held[1] == 'processing' and held[2] == token then
        retry(ARGV[i], attempts_allowed, reason)
        given = given + 1
    end
end
return given
