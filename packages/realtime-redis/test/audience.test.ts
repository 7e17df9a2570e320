import { beforeEach, expect, it } from 'vitest';
import { SequenceWatch } from '../src/sequence-watch.ts';
import { SubscriptionOrder } from '../src/subscription-order.ts';

let subscriptions: SubscriptionOrder;
let heard: string[];
let hearers: ReturnType<SubscriptionOrder['admit']>[];

beforeEach(() => {
  subscriptions = new SubscriptionOrder();
  heard = [];
  hearers = [];
});

it('keeps from a listener what was answered before it came, however late the news', () => {
  join('early');
  subscriptions.answered('s', 1);
  join('late');
  subscriptions.answered('s', 2);
  join('last');
  for (const version of [1, 2, 3]) tell('s', version);
  expect(heard).toEqual(['early 1', 'early 2', 'late 2', 'early 3', 'late 3', 'last 3']);
});

it('tells everyone what others wrote, and what is heard before its answer', () => {
  join('one');
  tell('s', 1);
  join('other');
  tell('s', 2);
  subscriptions.answered('s', 2);
  tell('other', 1);
  expect(heard).toEqual(['one 1', 'one 2', 'other 2', 'one 1', 'other 1']);
});

it('keeps nothing from anyone that says events were lost', () => {
  subscriptions.answered('s', 1);
  join('late');
  subscriptions.tell('s', 1, () => hearers[0]?.({ type: 'lagged' }));
  expect(heard).toEqual(['late lagged']);
});

it('sees a number that was left out, or comes again', () => {
  const watch = new SequenceWatch();
  const follows = [5, 6, 8, 9, 9, 10].map((number) => watch.follows('a', number));
  expect(follows).toEqual([true, true, false, true, false, true]);
  expect(watch.follows('b', 1)).toBe(true);
});

function join(name: string): void {
  hearers.push(
    subscriptions.admit((event) => {
      heard.push(`${name} ${event.type === 'trades' ? event.symbol : event.type}`);
    }),
  );
}

function tell(sequence: string, version: number): void {
  subscriptions.tell(sequence, version, () => {
    for (const hear of hearers) hear({ type: 'trades', symbol: `${version}`, trades: [] });
  });
}
