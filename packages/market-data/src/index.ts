export { BarkeepError, CandleSeries } from '@barkeep/core';
export * from './create-market-data.ts';
export * from './open-adapters.ts';
export type * from './public-types.ts';
