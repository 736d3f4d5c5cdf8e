-- Takes or renews the lease, if it is free, run out, one's own or held by a lower schema. Deletes before it writes, so
-- that at maxmemory somebody may still fold.
--
-- KEYS  1 control
-- ARGV  1 token   2 schema   3 milliseconds   4 what else others shall see: folded|lag|replica
-- returns the lease as it is then: token|until in ms|schema|folded|lag|replica
-- O(1)
local time = redis.call('TIME')
local ms = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local lease = redis.call('HGET', KEYS[1], 'lease')
if lease then
  local token, untilMs, schema = string.match(lease, '^([^|]*)|(%d+)|(%d+)|')
  if token and token ~= ARGV[1] and tonumber(untilMs) > ms and tonumber(schema) >= tonumber(ARGV[2]) then return lease end
end
lease = ARGV[1] .. '|' .. string.format('%.0f', ms + tonumber(ARGV[3])) .. '|' .. ARGV[2] .. '|' .. ARGV[4]
redis.call('HDEL', KEYS[1], 'lease')
redis.call('HSET', KEYS[1], 'lease', lease)
return lease
