-- Removes definitions of families, if nobody told them again meanwhile.
--
-- KEYS  1 families
-- ARGV  1… two for each: <family>:<signature>, ms at which it was last told as read
-- returns how many were removed
-- O(definitions)
local removed = 0
for i = 1, #ARGV, 2 do
  local held = redis.call('HGET', KEYS[1], ARGV[i])
  if held and string.match(held, '^%d+') == ARGV[i + 1] then removed = removed + redis.call('HDEL', KEYS[1], ARGV[i]) end
end
return removed
