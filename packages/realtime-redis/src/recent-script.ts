import { LuaScript } from './lua-script.ts';

/**
 * The latest trades by timestamp, descending: from a timestamp down, without the first of them, and not
 * more than a number. Their ids, timestamps, and what is stored under the ids.
 */
export const RECENT_SCRIPT: LuaScript = new LuaScript(`
local by_id, by_time = KEYS[1], KEYS[2]
local from, since, skipped, most = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))

local function recent()
  local page = redis.call('ZRANGE', by_time, from, since, 'BYSCORE', 'REV', 'LIMIT', skipped, most, 'WITHSCORES')
  local ids, times = {}, {}
  for i = 1, #page, 2 do
    ids[#ids + 1], times[#times + 1] = string.sub(page[i], 17), page[i + 1]
  end
  local foreign = 0
  if #ids == 0 and redis.call('HLEN', by_id) > 0 and redis.call('EXISTS', by_time) == 0 then foreign = 1 end
  return { now, ids, times, #ids > 0 and redis.call('HMGET', by_id, unpack(ids)) or {}, foreign }
end

-- What cannot be read has something else in its place, until the next append.
local ok, reply = pcall(recent)
if ok then return reply end
return { now, {}, {}, {}, 1 }
`);
