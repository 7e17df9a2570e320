/** The package as browsers load it. */
export { createBrowserMarketData as createMarketData } from './create-browser-market-data.ts';
export type * from './public-types.ts';
