import { barkeepPackage } from '../../tools/barkeep-package.ts';

export default barkeepPackage({ platform: 'neutral' });
