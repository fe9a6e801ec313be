-- purpose: a newly fitted version, numbered and listed; tickets follow it if it is activated.
-- KEYS: lesson_fitter
-- ARGV: now, token of the fitter, description JSON, base64 weights or '', activate ('1' or '0')
-- returns: {code, version}; DONE, STALE_LEASE (somebody else fits, or a rollback came in between: nothing was changed)
-- INCLUDE: lesson

if redis.call('GET', lesson_fitter) ~= ARGV[2] then return { STALE_LEASE, 0 } end
return { DONE, enter(cjson.decode(ARGV[3]), ARGV[4] ~= '' and ARGV[4], ARGV[5] == '1') }
