import { LuaScript } from './lua-script.ts';

/**
 * A page of a symbol's trades: of those in order so many before a place from the end, ascending; of late
 * ones so many from a timestamp down, descending. With what the places count from.
 */
export const RECENT_SCRIPT: LuaScript = new LuaScript(`
local in_order, late = KEYS[1], KEYS[2]
local skipped, most = tonumber(ARGV[1]), tonumber(ARGV[2])
local late_from, late_to, late_skipped, late_most = ARGV[3], ARGV[4], ARGV[5], tonumber(ARGV[6])
local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
local foreign = 0
-- What has something else in its place is not there, until the next append.
local function read(...)
  local ok, found = pcall(redis.call, ...)
  if ok then return found end
  foreign = foreign + 1
  return {}
end
local page = most > 0 and read('LRANGE', in_order, -skipped - most, -skipped - 1) or {}
local lates = late_most > 0 and read('ZRANGE', late, late_from, late_to, 'BYSCORE', 'REV',
  'LIMIT', late_skipped, late_most) or {}
return { now, page, lates, foreign }
`);
