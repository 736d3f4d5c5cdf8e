-- Reads what the store knows of its own past.
--
-- KEYS  1 index
-- ARGV  1… none
-- returns { gap records or '', born or '' }
-- O(bytes)
local past = redis.call('HMGET', KEYS[1], 'gaps', 'born')
return { past[1] or '', past[2] or '' }
