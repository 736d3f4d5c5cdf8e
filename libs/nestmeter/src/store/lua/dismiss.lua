-- Takes states from the list of those that wait to be folded.
--
-- KEYS  1 finals
-- ARGV  1… slot/field of each
-- returns how many were in the list
-- O(states)
local dismissed = 0
for _, state in ipairs(ARGV) do dismissed = dismissed + redis.call('ZREM', KEYS[1], state) end
return dismissed
