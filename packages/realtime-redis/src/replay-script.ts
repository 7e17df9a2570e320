import { LuaScript } from './lua-script.ts';

/** The most trades that one run gives. */
export const TRADES_A_READ = 1_000;

/**
 * What arrived after a number, at most so much. A symbol without trades gets its epoch here, so that a
 * cursor taken before the first trade says afterwards whether the trades since are complete.
 */
export const REPLAY_SCRIPT: LuaScript = new LuaScript(`
local by_id, by_arrival, counts = KEYS[1], KEYS[2], KEYS[3]
local epoch, given_epoch, seen, life, most = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4], ARGV[5]
local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))

local function replay()
  local known, last, lost = unpack(redis.call('HMGET', counts, 'epoch', 'last', 'lost'))
  local newest = redis.call('ZRANGE', by_arrival, 0, 0, 'REV', 'WITHSCORES')
  if known and last and lost then
    epoch = known
  else
    last, lost = newest[2] or '0', '0'
    redis.call('HSET', counts, 'epoch', epoch, 'last', last, 'lost', lost)
  end
  redis.call('PEXPIRE', counts, life)
  -- Whatever was here is gone.
  if not newest[1] then lost = last end
  local from = epoch == given_epoch and seen <= tonumber(last) and seen or 0
  local page = redis.call('ZRANGE', by_arrival, '(' .. string.format('%.0f', from), '+inf', 'BYSCORE',
    'LIMIT', 0, most, 'WITHSCORES')
  local ids, arrival = {}, from
  for i = 1, #page, 2 do ids[#ids + 1], arrival = page[i], page[i + 1] end
  local stored = #ids > 0 and redis.call('HMGET', by_id, unpack(ids)) or {}
  return { now, epoch, last, lost, tostring(arrival), ids, stored, 0 }
end

local ok, reply = pcall(replay)
if ok then return reply end
-- Something else is in the place of ours. The next append puts that right; who replays is told of a gap.
return { now, epoch, '0', '0', '0', {}, {}, 1 }
`);
