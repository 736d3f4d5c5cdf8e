-- Reads what replicas said of their families.
--
-- KEYS  1 families
-- ARGV  1… none
-- returns { <family>:<signature>, <ms at which it was last told>|text, … }
-- O(bytes)
return redis.call('HGETALL', KEYS[1])
