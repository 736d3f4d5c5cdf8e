-- Gives the lease back, if it is still that of a token.
--
-- KEYS  1 control
-- ARGV  1 token
-- returns 1 given back, 0 it is another's
-- O(1)
local lease = redis.call('HGET', KEYS[1], 'lease')
if not lease or string.match(lease, '^([^|]*)|') ~= ARGV[1] then return 0 end
return redis.call('HDEL', KEYS[1], 'lease')
