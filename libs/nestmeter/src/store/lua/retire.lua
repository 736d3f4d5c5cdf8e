-- Removes beats, if nobody renewed them meanwhile.
--
-- KEYS  1 beats   2 live   3 stored
-- ARGV  1… two for each: id, ms as listed
-- returns how many were removed
-- O(beats)
local removed = 0
for i = 1, #ARGV, 2 do
  if redis.call('ZSCORE', KEYS[2], ARGV[i]) == ARGV[i + 1] then
    redis.call('ZREM', KEYS[2], ARGV[i])
    redis.call('HDEL', KEYS[1], ARGV[i])
    redis.call('HDEL', KEYS[3], ARGV[i])
    removed = removed + 1
  end
end
return removed
