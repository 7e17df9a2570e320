import { LuaScript } from './lua-script.ts';

/** Counts the live values of some keys: tickers, order books, trades, and the bytes of all. */
export const MEASURE_SCRIPT: LuaScript = new LuaScript(`
local now, kinds = tonumber(ARGV[1]), ARGV[2]
local counts, bytes = { t = 0, b = 0, l = 0 }, 0
local function count_live(key, kind)
  if kind ~= 'l' then
    local expires_at = tonumber(redis.call('GETRANGE', key, 16, 31))
    return expires_at and expires_at > now and 1 or 0
  end
  local first = redis.call('LINDEX', key, 0)
  if first and tonumber(string.sub(first, 1, 16)) > now then return redis.call('LLEN', key) end
  local live = 0
  for _, trade in ipairs(redis.call('LRANGE', key, 0, -1)) do
    if tonumber(string.sub(trade, 1, 16)) > now then live = live + 1 end
  end
  return live
end
for i, key in ipairs(KEYS) do
  local kind = string.sub(kinds, i, i)
  local live = count_live(key, kind)
  counts[kind] = counts[kind] + live
  if live > 0 then bytes = bytes + (redis.call('MEMORY', 'USAGE', key) or 0) end
end
return { counts.t, counts.b, counts.l, bytes }
`);
