import { LuaScript } from './lua-script.ts';

/** The most trades that one run gives. */
export const TRADES_A_READ = 1_000;

/**
 * What arrived in order after a number, at most so much, and how far late ones have come. A symbol without
 * trades gets its epoch here, so that a cursor taken before the first trade says afterwards whether the
 * trades since are complete.
 */
export const REPLAY_SCRIPT: LuaScript = new LuaScript(`
local in_order, late, counts = KEYS[1], KEYS[2], KEYS[3]
local epoch, given_epoch, seen, life, most = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4], tonumber(ARGV[5])
local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
local function text(number) return string.format('%.0f', number) end

local function replay()
  local length, lates = redis.call('LLEN', in_order), redis.call('ZCARD', late)
  local known, last, late_last, late_lost = unpack(redis.call('HMGET', counts, 'epoch', 'last', 'late', 'lost'))
  if known and last and late_last and late_lost then
    epoch, last, late_last = known, tonumber(last), tonumber(late_last)
  else
    last, late_last, late_lost = length, 0, '0'
    redis.call('HSET', counts, 'epoch', epoch, 'last', text(last), 'late', '0', 'lost', '0')
  end
  redis.call('PEXPIRE', counts, life)
  -- Whatever was here is gone.
  if lates == 0 then late_lost = text(late_last) end
  local lost = last - length
  local from = epoch == given_epoch and seen <= last and math.max(seen, lost) or lost
  local page = redis.call('LRANGE', in_order, from - lost, from - lost + most - 1)
  return { now, epoch, text(last), text(lost), text(late_last), late_lost, text(from), page, 0 }
end

local ok, reply = pcall(replay)
if ok then return reply end
-- Something else is in the place of ours. The next append puts that right; who replays is told of a gap.
return { now, epoch, '0', '0', '0', '0', '0', {}, 1 }
`);
