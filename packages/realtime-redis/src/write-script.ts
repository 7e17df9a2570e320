import { MIN_EPOCH_MS } from '@barkeep/core';
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
 * Trades of a symbol are a list, in which they ascend by timestamp and by arrival, as they come from an
 * exchange; a set of their ids; and a sorted set of those that came late, after a newer one, or are stamped
 * ahead of the clock. An operation adds and removes at most some hundred of them (`TRADES_A_SLICE`), however
 * many there are. What something else put in the place of ours is counted and goes.
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

-- The time that a value begins with, counted from the year 1; nil when it is none of ours.
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

local latest_head = latest + ${-MIN_EPOCH_MS}
local function is_stale(given, stored)
  return given < stored and (stored <= latest_head or given > latest_head)
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

-- Trades come with their fields and last the id; they are kept behind their expiry, with a mark at the end
-- that is missing where something was cut off. Late ones begin with the number of their arrival among late ones, and
-- how many had arrived in order before.
local late_head = 33
local function parse(stored, offset)
  local expires_at = tonumber(string.sub(stored, offset, offset + 15))
  local at, trade_id = string.match(stored, '^%a(%-?%d+) %S+ %S+ (.*);$', offset + 16)
  if not expires_at or not at then return nil end
  return { expires_at = expires_at, at = tonumber(at), id = trade_id, stored = stored }
end

local function text(number) return string.format('%.0f', number) end

local function remove_ids(trades, ids)
  if #ids > 0 then call('SREM', trades.ids, unpack(ids)) end
end

-- Takes from the front what has expired, a slice at most.
local function expire_in_order(trades)
  local first = parse(call('LINDEX', trades.list, 0), 1)
  if first and first.expires_at > now then return end
  local gone, count = {}, 0
  for _, stored in ipairs(call('LRANGE', trades.list, 0, slice - 1)) do
    local trade = parse(stored, 1)
    if trade and trade.expires_at > now then break end
    count = count + 1
    if trade then gone[#gone + 1] = trade.id else unreadable = unreadable + 1 end
  end
  call('LTRIM', trades.list, count, -1)
  remove_ids(trades, gone)
  trades.length, trades.expired = trades.length - count, trades.expired + count
end

-- The same of late ones, whose order is another one: a slice after the other, from the time the first may have.
local function expire_late(trades)
  if trades.lates == 0 or (trades.due and trades.due > now) then return end
  local from = trades.scanned < trades.lates and trades.scanned or 0
  local gone, members, due = {}, {}, math.huge
  local page = call('ZRANGE', trades.late, from, from + slice - 1)
  for _, member in ipairs(page) do
    local trade = parse(member, late_head)
    if trade and trade.expires_at > now then
      due = math.min(due, trade.expires_at)
    else
      members[#members + 1] = member
      if trade then gone[#gone + 1] = trade.id else unreadable = unreadable + 1 end
      trades.late_lost = math.max(trades.late_lost, tonumber(string.sub(member, 1, 16)) or trades.late_last)
    end
  end
  if #members > 0 then call('ZREM', trades.late, unpack(members)) end
  remove_ids(trades, gone)
  -- Those of other slices may be due too.
  trades.due = #page == trades.lates and due or now
  trades.scanned = from + #page - #members
  trades.lates, trades.expired = trades.lates - #members, trades.expired + #members
  trades.is_changed = true
end

local function open_trades(keys)
  local trades = { list = keys[1], ids = keys[2], late = keys[3], counts = keys[4], expired = 0 }
  trades.length, trades.lates = call('LLEN', trades.list), call('ZCARD', trades.late)
  local counts = call('HMGET', trades.counts, 'epoch', 'last', 'late', 'lost', 'until', 'due', 'scanned')
  trades.epoch, trades.last, trades.late_last = counts[1], tonumber(counts[2] or ''), tonumber(counts[3] or '')
  local is_counted = trades.epoch and trades.last and trades.late_last
  if call('SCARD', trades.ids) ~= trades.length + trades.lates or (trades.lates > 0 and not is_counted) then
    -- One of them was evicted, or changed by something else.
    call('UNLINK', trades.list, trades.ids, trades.late)
    unreadable = unreadable + 1
    trades.length, trades.lates = 0, 0
  end
  if is_counted then
    trades.late_lost, trades.lost_until = tonumber(counts[4] or '') or trades.late_last, tonumber(counts[5] or '')
    trades.due, trades.scanned = tonumber(counts[6] or ''), tonumber(counts[7] or '') or 0
  else
    trades.epoch, trades.last, trades.late_last, trades.late_lost = epoch, trades.length, 0, 0
    trades.scanned, trades.is_new = 0, true
  end
  trades.lost_until = trades.lost_until or -math.huge
  -- Whatever was here is gone.
  if trades.lates == 0 then trades.late_lost = trades.late_last end
  if trades.length > 0 then expire_in_order(trades) end
  expire_late(trades)
  return trades
end

local function close_trades(trades)
  if not trades.is_changed then return end
  local fields = { 'epoch', trades.epoch, 'last', text(trades.last), 'late', text(trades.late_last),
    'lost', text(trades.late_lost), 'until', text(trades.lost_until) }
  if trades.lates > 0 then
    for _, field in ipairs({ 'due', text(trades.due or 0), 'scanned', text(trades.scanned) }) do
      fields[#fields + 1] = field
    end
  end
  call('HSET', trades.counts, unpack(fields))
  if trades.is_new or trades.is_renewed then call('PEXPIRE', trades.counts, life.arrivals) end
end

-- A sequence from which trades go at either end, of which only the ends were read: those that are there, then those
-- that come.
local function sequence(length, front, back)
  return { left = length, front = front, back = back, taken = 0, taken_back = 0, own = {} }
end
local function first_of(seq)
  local there, own = seq.left > 0 and seq.front[seq.taken + 1] or nil, seq.own[1]
  if there and not (own and own.at < there.at) then return there end
  return own
end
local function last_of(seq)
  local there, own = seq.left > 0 and seq.back[seq.taken_back + 1] or nil, seq.own[#seq.own]
  if there and not (own and own.at >= there.at) then return there end
  return own
end

local function parsed(list, offset)
  local trades = {}
  for i, stored in ipairs(list) do
    -- What cannot be read goes first.
    trades[i] = parse(stored, offset) or { at = -math.huge, stored = stored }
  end
  return trades
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
  local there, fresh = call('SMISMEMBER', trades.ids, unpack(ids)), 0
  for _, is_there in ipairs(there) do fresh = fresh + 1 - is_there end

  -- Those that go, if this is more than the bound: a slice more than come, where it was higher.
  local total = trades.length + trades.lates
  local evictions = #all + math.min(math.max(0, total - max_trades), slice)
  local is_over = fresh > 0 and total + fresh > max_trades
  local back = call('LRANGE', trades.list, is_over and -#all or -1, -1)
  local tail = {}
  for i = #back, 1, -1 do tail[#tail + 1] = back[i] end
  local in_order = sequence(trades.length, {}, parsed(tail, 1))
  local late = sequence(trades.lates, {}, {})
  if is_over then
    in_order.front = parsed(call('LRANGE', trades.list, 0, evictions - 1), 1)
    if trades.lates > 0 then
      late.front = parsed(call('ZRANGE', trades.late, 0, evictions - 1), late_head)
      late.back = parsed(call('ZRANGE', trades.late, 0, #all - 1, 'REV'), late_head)
    end
  end

  local evicted, gone, is_gone, members = 0, {}, {}, {}
  local function lose(seq, trade)
    evicted = evicted + 1
    trades.is_changed = true
    if trade.id and not trade.text then gone[#gone + 1], is_gone[trade.id] = trade.id, true end
    if seq == late then
      local number = trade.number or tonumber(string.sub(trade.stored, 1, 16)) or trades.late_last
      trades.late_lost = math.max(trades.late_lost, number)
      if not trade.text then members[#members + 1] = trade.stored end
    end
  end
  local function drop_first(seq)
    local first = first_of(seq)
    lose(seq, first)
    if first == seq.own[1] then
      table.remove(seq.own, 1)
    else
      seq.left, seq.taken = seq.left - 1, seq.taken + 1
    end
  end
  local function drop_last(seq)
    local last = last_of(seq)
    lose(seq, last)
    if last == seq.own[#seq.own] then
      table.remove(seq.own)
    else
      seq.left, seq.taken_back = seq.left - 1, seq.taken_back + 1
    end
    -- The numbers of those in order are told by their places from the end.
    if seq == in_order then trades.epoch = epoch end
  end

  -- Whether a trade is to have the place of another, which goes.
  local function makes_room(trade)
    local last, last_late = last_of(in_order), last_of(late)
    if trade.at <= latest and math.max(last and last.at or 0, last_late and last_late.at or 0) > latest then
      drop_last((not last or (last_late and last_late.at >= last.at)) and late or in_order)
      return true
    end
    local first, first_late = first_of(in_order), first_of(late)
    local oldest = math.min(first and first.at or math.huge, first_late and first_late.at or math.huge)
    if trade.at < oldest then
      if trade.at > trades.lost_until then
        trades.late_last = trades.late_last + 1
        trades.late_lost = trades.late_last
      end
      trades.lost_until = math.max(trades.lost_until, trade.at)
      trades.is_changed = true
      return false
    end
    trades.lost_until = math.max(trades.lost_until, oldest)
    drop_first((first and first.at == oldest) and in_order or late)
    return true
  end
  local function count() return in_order.left + #in_order.own + late.left + #late.own end

  local marks, news = {}, {}
  for i, trade in ipairs(all) do
    local is_added = there[i] == 0 or is_gone[trade.id]
    while is_added and count() >= max_trades and evicted < evictions do is_added = makes_room(trade) end
    if is_added then
      news[#news + 1] = trade.text
      local last = last_of(in_order)
      if trade.at <= latest and trade.at >= (last and last.at or -math.huge) then
        trades.last = trades.last + 1
        in_order.own[#in_order.own + 1] = trade
      else
        trades.late_last = trades.late_last + 1
        trade.number, trade.after = trades.late_last, trades.last
        local own = #late.own + 1
        while own > 1 and late.own[own - 1].at > trade.at do own = own - 1 end
        table.insert(late.own, own, trade)
      end
    end
    marks[i] = is_added and '1' or '0'
  end

  if in_order.taken + in_order.taken_back > 0 then
    call('LTRIM', trades.list, in_order.taken, -1 - in_order.taken_back)
  end
  if #members > 0 then call('ZREM', trades.late, unpack(members)) end
  remove_ids(trades, gone)
  local expires_at, added = string.format('%016.0f', now + life.trades), {}
  local pushed, scored = {}, {}
  for i, trade in ipairs(in_order.own) do
    pushed[i], added[#added + 1] = expires_at .. trade.text .. ';', trade.id
  end
  for _, trade in ipairs(late.own) do
    local head = string.format('%016.0f%016.0f', trade.number, trade.after)
    scored[#scored + 1], scored[#scored + 2] = trade.at, head .. expires_at .. trade.text .. ';'
    added[#added + 1] = trade.id
  end
  if #pushed > 0 then call('RPUSH', trades.list, unpack(pushed)) end
  if #scored > 0 then
    call('ZADD', trades.late, unpack(scored))
    trades.due = math.min(trades.due or math.huge, now + life.trades)
  end
  trades.lates = late.left + #late.own
  if #added > 0 then
    call('SADD', trades.ids, unpack(added))
    -- Not with every trade. Another writer may let its trades live longer. A key from which all went is a new one.
    local left = call('PTTL', trades.ids)
    local is_begun = (in_order.left == 0 and #pushed > 0) or (late.left == 0 and #scored > 0)
    if left < life.trades or is_begun then
      for i = 1, 3 do call('PEXPIRE', keys[i], math.max(left, life.trades + 1000)) end
      trades.is_renewed = true
    end
  end
  if #news > 0 then
    trades.is_changed = true
    tell('+', trades.list, table.concat(news, '\\1'))
  end
  close_trades(trades)
  return table.concat(marks) .. ' ' .. trades.expired .. ' ' .. evicted
end

-- When the first of those there expires, of late ones at the earliest; nil when there are none.
local function next_expiry(trades)
  local first = trades.length > 0 and parse(call('LINDEX', trades.list, 0), 1)
  local in_order = first and first.expires_at or math.huge
  local late = trades.lates > 0 and trades.due or math.huge
  local due = math.min(in_order, late)
  return due < math.huge and due or nil
end

local function delete_trades(keys)
  local trades = open_trades(keys)
  local function is_live(stored, offset)
    local trade = stored and parse(stored, offset)
    return trade and trade.expires_at > now
  end
  local were_live = is_live(call('LINDEX', trades.list, -1), 1)
  if trades.lates > 0 and not were_live then
    for _, member in ipairs(call('ZRANGE', trades.late, 0, slice - 1, 'REV')) do
      were_live = were_live or is_live(member, late_head)
    end
  end
  call('UNLINK', trades.list, trades.ids, trades.late)
  close_trades(trades)
  return (were_live and '1' or '0') .. ' ' .. trades.expired
end

local function sweep_trades(keys)
  local trades = open_trades(keys)
  close_trades(trades)
  local due = next_expiry(trades)
  return trades.expired .. ' ' .. (due and text(math.max(0, due - now)) or '')
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
