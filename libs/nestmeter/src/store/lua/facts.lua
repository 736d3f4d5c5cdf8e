-- Asks the node that serves the app, of a cluster too, what it says of itself.
--
-- KEYS  1 index, which names the node
-- ARGV  1 the section of INFO that is wanted
-- returns what INFO answers, or '!' and the error where it is forbidden
-- O(1)
local info = redis.pcall('INFO', ARGV[1])
if type(info) == 'table' then return '!' .. tostring(info.err) end
return info
