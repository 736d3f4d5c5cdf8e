-- Rule 11: replaces the gap records if they are still those that were read, and writes back an earlier `since`. Deletes
-- before it writes, so that it passes at maxmemory too.
--
-- KEYS  1 index
-- ARGV  1 the gap records that were read, '' for none   2 the new ones   3 since in s, '' to leave it
-- returns 1 written, 0 not as it was read
-- O(bytes)
local past = redis.call('HMGET', KEYS[1], 'gaps', 'born')
if (past[1] or '') ~= ARGV[1] then return 0 end
redis.call('HDEL', KEYS[1], 'gaps')
redis.call('HSET', KEYS[1], 'gaps', ARGV[2])
if past[2] and ARGV[3] ~= '' then
  local id, since = string.match(past[2], '^(.*)|(%d+)$')
  if id and tonumber(since) > tonumber(ARGV[3]) then redis.call('HSET', KEYS[1], 'born', id .. '|' .. ARGV[3]) end
end
return 1
