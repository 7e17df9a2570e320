import { LuaScript } from './lua-script.ts';

/** The most trades one append sends: what one operation works on. */
export const TRADES_A_SLICE = 256;

/**
 * Applies a batch of writes, each atomically with its check, and tells subscribers of what changed. What
 * lives how long is measured by the server's clock alone, whatever the clocks of its clients say.
 *
 * A client re-sends what it has had no reply to, so a batch may come twice. Every batch has an id that
 * rises, and holds one place of its writer's hash while it is under way; its answer is kept there.
 * The same id again gets the same answer, and a lower one comes too late to do anything.
 *
 * `INCR` numbers the batches that changed something without a hole, so a subscriber sees what it
 * missed. After that number was lost it starts again from the time, above all numbers before.
 *
 * Trades of a symbol are a hash by id (expiry, fields) with two orders: by timestamp, whose members begin
 * with the arrival number, and by that number. An operation adds and removes at most some hundred of
 * them (`TRADES_A_SLICE`), however many there are. What something else put in the place of ours is
 * counted and goes.
 */
export const WRITE_SCRIPT: LuaScript = new LuaScript(`
local place, id, channel = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local is_cluster, answer_life, sequence_life = ARGV[4] == '1', ARGV[5], ARGV[6]
local life = { t = ARGV[7], b = ARGV[8], trades = tonumber(ARGV[9]), arrivals = ARGV[10] }
local max_trades, max_ahead = tonumber(ARGV[11]), tonumber(ARGV[12])
local epoch, codes = ARGV[13], ARGV[14]
-- How many keys each operation has.
local key_count = { t = 1, b = 1, d = 1, a = 4, x = 4, w = 4, l = 1, c = 0 }
local takes_value = { t = true, b = true, a = true, l = true }
local slice = ${TRADES_A_SLICE}

local call = redis.call

local time = call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
-- Timestamps beyond it keep out only what lies beyond it too.
local latest = now + max_ahead
local unreadable = 0

-- Whether a command failed because something else is in the place of ours.
local function is_foreign(failure)
  if type(failure) == 'table' then failure = failure.err end
  return string.find(failure, 'WRONGTYPE', 1, true) or string.find(failure, 'not an integer', 1, true)
    or string.find(failure, 'would overflow', 1, true)
end

local function ask_own(command, key, ...)
  local ok, reply = pcall(call, command, key, ...)
  if ok then return reply end
  if not is_foreign(reply) then error(reply, 0) end
  unreadable = unreadable + 1
  call('UNLINK', key)
  return call(command, key, ...)
end

local known = ask_own('HGET', KEYS[1], place)
if known then
  local known_id, answer = string.match(known, '^(%d+)|(.*)$')
  known_id = tonumber(known_id)
  if known_id == id then return answer end
  if known_id and known_id > id then return redis.error_reply('LATE a batch that was given up') end
end

local version
local function take_version()
  if version then return end
  version = ask_own('INCR', KEYS[2])
  if version == 1 then
    version = time[1] * 1000000 + time[2]
    call('SET', KEYS[2], string.format('%.0f', version))
  end
  call('PEXPIRE', KEYS[2], sequence_life)
end

local told, is_heard = {}, is_cluster
local function tell(what, key, value)
  if not version then
    take_version()
    is_heard = is_heard or tonumber(call('PUBSUB', 'NUMSUB', channel)[2]) > 0
  end
  if not is_heard then return end
  local n = #told
  told[n + 1], told[n + 2], told[n + 3] = what, key, value
end

local key_index, arg_index = 2, 14
local function next_key()
  key_index = key_index + 1
  return KEYS[key_index]
end
local function next_arg()
  arg_index = arg_index + 1
  return ARGV[arg_index]
end

-- The timestamp that a value begins with; nil when it is none of ours.
local function timestamp_of(head)
  return #head == 17 and tonumber(string.match(head, '^(%d+)%[$')) or nil
end

-- What tickers begin with, read at once: of short values that costs least.
local heads = {}
local function read_heads()
  local keys, at = {}, 2
  for i = 1, #codes do
    local code = string.sub(codes, i, i)
    if code == 't' then keys[#keys + 1] = KEYS[at + 1] end
    at = at + key_count[code]
  end
  if #keys < 2 then return end
  for i, value in ipairs(call('MGET', unpack(keys))) do
    if value then heads[keys[i]] = string.sub(value, 1, 17) end
  end
end

local function head_of(key)
  local ok, head = pcall(call, 'GETRANGE', key, 0, 16)
  if ok then return head end
  if not is_foreign(head) then error(head, 0) end
  unreadable = unreadable + 1
  return ''
end

local function is_stale(given, stored)
  return given < stored and (stored <= latest or given > latest)
end

local function set(key, value, life_ms)
  local head = heads[key] or head_of(key)
  local own_head = string.sub(value, 1, 17)
  -- A comparison of the texts is cheap, and enough to see that a value is newer.
  if head > own_head then
    local stored = timestamp_of(head)
    if not stored then
      unreadable = unreadable + 1
    elseif is_stale(tonumber(string.sub(value, 1, 16)), stored) then
      return 'stale'
    end
  end
  call('SET', key, value, 'PX', life_ms)
  if heads[key] then heads[key] = own_head end
  tell('=', key, value)
  return 'stored'
end

local function delete(key)
  local was_live = timestamp_of(head_of(key)) ~= nil
  heads[key] = nil
  if call('UNLINK', key) == 1 then tell('-', key, '') end
  return was_live and '1' or '0'
end

local function member_of(arrival, trade_id)
  return string.format('%016.0f', arrival) .. trade_id
end

-- Removes trades: their ids, arrival numbers as the keys of the table say, and members in the order of time.
local function remove(trades, ids, members)
  if #ids == 0 then return end
  call('HDEL', trades.by_id, unpack(ids))
  call('ZREM', trades.by_arrival, unpack(ids))
  call('ZREM', trades.by_time, unpack(members))
  trades.length = trades.length - #ids
  trades.is_changed = true
end

-- What there is of a symbol's trades, without those at the front that have expired, a slice at most.
local function open_trades(keys)
  local trades = { by_id = keys[1], by_time = keys[2], by_arrival = keys[3], counts = keys[4] }
  local length = call('HLEN', trades.by_id)
  if call('ZCARD', trades.by_time) ~= length or call('ZCARD', trades.by_arrival) ~= length then
    -- One of them was evicted, or changed by something else.
    call('UNLINK', trades.by_id, trades.by_time, trades.by_arrival)
    unreadable = unreadable + 1
    length = 0
  end
  local counts = call('HMGET', trades.counts, 'epoch', 'last', 'lost', 'until')
  trades.length, trades.expired = length, 0
  trades.epoch, trades.last = counts[1], tonumber(counts[2] or '')
  trades.lost, trades.lost_until = tonumber(counts[3] or ''), tonumber(counts[4] or '') or -math.huge
  if not (trades.epoch and trades.last and trades.lost) then
    local newest = call('ZRANGE', trades.by_arrival, 0, 0, 'REV', 'WITHSCORES')
    trades.epoch, trades.last, trades.lost = epoch, tonumber(newest[2] or '0'), 0
    trades.is_new = true
  end
  -- Whatever was here is gone.
  if length == 0 then trades.lost = trades.last end

  local count = 0
  while length > count and count < slice do
    local front = call('ZRANGE', trades.by_arrival, 0, count == 0 and 0 or slice - 1, 'WITHSCORES')
    local front_ids = {}
    for i = 1, #front, 2 do front_ids[#front_ids + 1] = front[i] end
    local gone, members = {}, {}
    for i, stored in ipairs(call('HMGET', trades.by_id, unpack(front_ids))) do
      local expires_at = stored and tonumber(string.sub(stored, 1, 16))
      if expires_at and expires_at > now then break end
      if not expires_at then unreadable = unreadable + 1 end
      local arrival = tonumber(front[2 * i])
      gone[i], members[i] = front_ids[i], member_of(arrival, front_ids[i])
      trades.lost = math.max(trades.lost, arrival)
    end
    remove(trades, gone, members)
    trades.expired = trades.expired + #gone
    count = count + #gone
    if #gone < #front_ids then break end
  end
  return trades
end

local function close_trades(trades)
  if not trades.is_changed then return end
  local function text(number) return string.format('%.0f', number) end
  call('HSET', trades.counts, 'epoch', trades.epoch, 'last', text(trades.last),
    'lost', text(trades.lost), 'until', text(trades.lost_until))
  call('PEXPIRE', trades.counts, life.arrivals)
end

-- The trades at one end of the order of time, which go first to make room.
local function end_of_time(trades, from_end, most)
  local found
  if from_end then
    found = call('ZRANGE', trades.by_time, '+inf', '(' .. string.format('%.0f', latest), 'BYSCORE', 'REV',
      'LIMIT', 0, most, 'WITHSCORES')
  else
    found = call('ZRANGE', trades.by_time, 0, most - 1, 'WITHSCORES')
  end
  local list = { taken = 0 }
  for i = 1, #found, 2 do
    list[#list + 1] = { at = tonumber(found[i + 1]), member = found[i] }
  end
  return list
end

local function append(keys, given)
  local trades = open_trades(keys)
  trades.is_changed = trades.is_changed or trades.is_new
  local all, ids = {}, {}
  for trade in string.gmatch(given, '[^\\1]+') do
    local at, trade_id = string.match(trade, '^%a(%-?%d+) %S+ %S+ (.*)$')
    all[#all + 1] = { text = trade, at = tonumber(at), id = trade_id }
    ids[#ids + 1] = trade_id
  end
  local there = call('HMGET', trades.by_id, unpack(ids))
  local fresh = 0
  for _, stored in ipairs(there) do if not stored then fresh = fresh + 1 end end

  -- Those that have to go, if this is more than the bound: a slice more than come, where the bound was higher.
  local excess = math.min(math.max(0, trades.length - max_trades), slice)
  local oldest, future = { taken = 0 }, { taken = 0 }
  if fresh > 0 and trades.length + fresh > max_trades then
    oldest = end_of_time(trades, false, fresh + excess)
    future = end_of_time(trades, true, fresh)
  end
  -- Those that come, ascending by timestamp, then by arrival.
  local own = {}
  local left, evicted, evictions = trades.length, 0, fresh + excess
  local gone, members = {}, {}

  local function lose(arrival)
    trades.lost = math.max(trades.lost, arrival)
    evicted = evicted + 1
    trades.is_changed = true
  end
  local function take(list)
    list.taken = list.taken + 1
    local member = list[list.taken].member
    gone[#gone + 1], members[#members + 1] = string.sub(member, 17), member
    left = left - 1
    lose(tonumber(string.sub(member, 1, 16)))
  end
  local function head(list) return left > 0 and list[list.taken + 1] or nil end

  -- Whether a trade is to have the place of another, which goes.
  local function makes_room(trade)
    local newest, own_newest = head(future), own[#own]
    if trade.at <= latest and own_newest and own_newest.at > latest
      and not (newest and newest.at > own_newest.at) then
      lose(table.remove(own).arrival)
      return true
    end
    if trade.at <= latest and newest then
      take(future)
      return true
    end
    local first, own_first = head(oldest), own[1]
    local at = math.min(first and first.at or math.huge, own_first and own_first.at or math.huge)
    if trade.at < at then
      if trade.at > trades.lost_until then
        trades.last = trades.last + 1
        trades.lost = trades.last
      end
      trades.lost_until = math.max(trades.lost_until, trade.at)
      trades.is_changed = true
      return false
    end
    trades.lost_until = math.max(trades.lost_until, at)
    if first and first.at == at then take(oldest) else lose(table.remove(own, 1).arrival) end
    return true
  end

  local marks, news = {}, {}
  for i, trade in ipairs(all) do
    local is_added = not there[i]
    while is_added and left + #own >= max_trades and evicted < evictions do
      is_added = makes_room(trade)
      if left + #own < max_trades then break end
    end
    if is_added then
      trades.last = trades.last + 1
      trade.arrival = trades.last
      news[#news + 1] = trade.text
      local place_of = #own + 1
      while place_of > 1 and own[place_of - 1].at > trade.at do place_of = place_of - 1 end
      table.insert(own, place_of, trade)
    end
    marks[i] = is_added and '1' or '0'
  end

  remove(trades, gone, members)
  if #own > 0 then
    local expires_at = string.format('%016.0f', now + life.trades)
    local fields, times, arrivals = {}, {}, {}
    for i, trade in ipairs(own) do
      local at = 2 * i - 1
      fields[at] = trade.id
      -- What lacks the mark at the end was cut off.
      fields[at + 1] = expires_at .. string.sub(trade.text, 1, #trade.text - #trade.id - 1) .. ';'
      times[at], times[at + 1] = trade.at, member_of(trade.arrival, trade.id)
      arrivals[at], arrivals[at + 1] = trade.arrival, trade.id
    end
    call('HSET', trades.by_id, unpack(fields))
    call('ZADD', trades.by_time, unpack(times))
    call('ZADD', trades.by_arrival, unpack(arrivals))
    -- Another writer may let its trades live longer.
    if call('PTTL', trades.by_id) < life.trades then
      for i = 1, 3 do call('PEXPIRE', keys[i], life.trades) end
    end
  end
  if #news > 0 then
    trades.is_changed = true
    tell('+', trades.by_id, table.concat(news, '\\1'))
  end
  close_trades(trades)
  return table.concat(marks) .. ' ' .. trades.expired .. ' ' .. evicted
end

local function delete_trades(keys)
  local trades = open_trades(keys)
  local were_live = false
  if trades.length > 0 then
    local last = call('ZRANGE', trades.by_arrival, 0, 0, 'REV')[1]
    local stored = call('HGET', trades.by_id, last)
    local expires_at = stored and tonumber(string.sub(stored, 1, 16))
    were_live = expires_at ~= nil and expires_at > now
  end
  call('UNLINK', trades.by_id, trades.by_time, trades.by_arrival)
  close_trades(trades)
  return (were_live and '1' or '0') .. ' ' .. trades.expired
end

local function sweep_trades(keys)
  local trades = open_trades(keys)
  close_trades(trades)
  local first = call('ZRANGE', trades.by_arrival, 0, 0)[1]
  local stored = first and call('HGET', trades.by_id, first)
  local expires_at = stored and tonumber(string.sub(stored, 1, 16))
  local left = expires_at and string.format('%.0f', math.max(0, expires_at - now)) or ''
  return trades.expired .. ' ' .. left
end

-- One that has another type is of no use, nor are the others without it.
local function with_trades(work, argument)
  local keys = { next_key(), next_key(), next_key(), next_key() }
  local ok, answer = pcall(work, keys, argument)
  if ok then return answer end
  if not is_foreign(answer) then error(answer, 0) end
  unreadable = unreadable + 1
  call('UNLINK', unpack(keys))
  return work(keys, argument)
end

-- Lists a symbol for as long as it has data at the most, and takes some off whose time is over.
local function list(key, given)
  local life_ms, symbol = string.match(given, '^(%d+) (.*)$')
  ask_own('ZADD', key, 'GT', string.format('%.0f', now + life_ms), symbol)
  local over = call('ZRANGE', key, '-inf', string.format('%.0f', now), 'BYSCORE', 'LIMIT', 0, 10)
  if #over > 0 then call('ZREM', key, unpack(over)) end
  if call('PTTL', key) < tonumber(life_ms) then call('PEXPIRE', key, life_ms) end
  return ''
end

local function apply(code)
  if code == 't' or code == 'b' then return set(next_key(), next_arg(), life[code]) end
  if code == 'd' then return delete(next_key()) end
  if code == 'a' then return with_trades(append, next_arg()) end
  if code == 'x' then return with_trades(delete_trades) end
  if code == 'w' then return with_trades(sweep_trades) end
  if code == 'l' then return list(next_key(), next_arg()) end
  tell('*', '', '')
  return ''
end

read_heads()
local answers = {}
for i = 1, #codes do
  local key_before, arg_before = key_index, arg_index
  local code = string.sub(codes, i, i)
  local ok, answer = pcall(apply, code)
  if not ok then
    if type(answer) == 'table' then answer = answer.err end
    answer = '!' .. string.gsub(answer, '[,|]', ';')
    key_index = key_before + key_count[code]
    arg_index = arg_before + (takes_value[code] and 1 or 0)
  end
  answers[i] = answer
end

local instant = string.format('%.0f', now)
if version then version = string.format('%.0f', version) end
if #told > 0 then
  local header = { KEYS[2], version, instant, life.t, life.b }
  call('PUBLISH', channel, table.concat(header, '\\0') .. '\\0' .. table.concat(told, '\\0'))
end

local answer = (version or '') .. '|' .. instant .. '|' .. unreadable .. '|' .. table.concat(answers, ',')
call('HSET', KEYS[1], place, id .. '|' .. answer)
call('PEXPIRE', KEYS[1], answer_life)
return answer
`);
