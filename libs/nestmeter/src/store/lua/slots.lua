-- Lists a part of the index.
--
-- KEYS  1 index
-- ARGV  1 cursor of the answer before, 0 to begin
-- returns { cursor, 0 at the end, { slot, revision, … } }
-- O(answers)
return redis.call('HSCAN', KEYS[1], ARGV[1], 'COUNT', 1000)
