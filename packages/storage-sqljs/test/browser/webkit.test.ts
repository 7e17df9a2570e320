import { describe } from 'vitest';
import { hasBrowser, openWebKit } from '../../../../tools/test-browser.ts';
import { describeInBrowser } from './every-browser.ts';

const CONFORMANCE = ['storage/sizes/', 'storage/durability/', 'storage/model/'];

describe.skipIf(!hasBrowser('WebKit'))('in WebKit', () => {
  describeInBrowser({
    launch: openWebKit,
    places: ['IndexedDB'],
    conformance: [['IndexedDB', CONFORMANCE]],
  });
});
