import { describe } from 'vitest';
import { hasBrowser, openFirefox } from '../../../../tools/test-browser.ts';
import { describeInBrowser } from './every-browser.ts';

const PROMPTS = {
  'dom.storageManager.prompt.testing': true,
  'dom.storageManager.prompt.testing.allow': true,
};
const CONFORMANCE = ['storage/values/', 'storage/reopen/', 'storage/model/'];

describe.skipIf(!hasBrowser('Firefox'))('in Firefox', () => {
  describeInBrowser({
    launch: () => openFirefox(PROMPTS),
    places: ['OPFS', 'IndexedDB'],
    conformance: [['OPFS', CONFORMANCE]],
  });
});
