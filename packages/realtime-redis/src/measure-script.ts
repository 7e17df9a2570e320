import { LuaScript } from './lua-script.ts';

/**
 * What there is of some symbols: tickers, order books, trades, and the bytes of all. Each symbol has five
 * keys: of its ticker, its order book and its trades, whose three are one.
 */
export const MEASURE_SCRIPT: LuaScript = new LuaScript(`
local tickers, books, trades, bytes = 0, 0, 0, 0
local function count(command, key)
  local ok, found = pcall(redis.call, command, key)
  return ok and found or 0
end
for i = 1, #KEYS, 5 do
  tickers = tickers + count('EXISTS', KEYS[i])
  books = books + count('EXISTS', KEYS[i + 1])
  trades = trades + count('LLEN', KEYS[i + 2]) + count('ZCARD', KEYS[i + 3])
  for j = i, i + 4 do
    local used = redis.call('MEMORY', 'USAGE', KEYS[j])
    if used then bytes = bytes + used end
  end
end
return { tickers, books, trades, bytes }
`);
