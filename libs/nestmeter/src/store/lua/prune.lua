-- Removes from the index what is gone.
--
-- KEYS  1 index   2… slots
-- ARGV  1… none
-- returns how many were removed
-- O(slots)
local removed = 0
for i = 2, #KEYS do
  if redis.call('EXISTS', KEYS[i]) == 0 then
    removed = removed + redis.call('HDEL', KEYS[1], string.sub(KEYS[i], #KEYS[1] - 4))
  end
end
return removed
