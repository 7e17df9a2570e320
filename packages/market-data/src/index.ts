export * from './create-market-data.ts';
export type * from './public-types.ts';
