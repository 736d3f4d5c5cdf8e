-- Lists final states that wait to be folded, the oldest first.
--
-- KEYS  1 finals
-- ARGV  1 how many at most
-- returns { slot/field, ms at which it was written, … }
-- O(log states + answers)
return redis.call('ZRANGE', KEYS[1], 0, tonumber(ARGV[1]) - 1, 'WITHSCORES')
