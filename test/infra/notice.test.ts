import { beforeAll, describe, expect, it } from 'vitest';
import { findBicep, NO_COMPILER } from '../../scripts/bicep.mjs';

/** The tests that compile are a suite of their own: what they need is not on every machine. */
const NOTICE = 'Bicep was not compiled by this suite: "npm run test:infra" does that, as CI always does.';

describe('this suite', () => {
  beforeAll(() => {
    const bicep = findBicep();
    process.stdout.write(`\n${NOTICE}\n${bicep === undefined ? `${NO_COMPILER}\n` : ''}`);
  });

  it('reads snapshots and says that it compiled nothing, and how to', () => {
    expect(NOTICE).toContain('npm run test:infra');
    expect(NO_COMPILER).toContain('node scripts/bicep.mjs restore');
  });

  it('finds a compiler by BICEP, and none where there is none', () => {
    expect(findBicep({ BICEP: '/opt/bicep' })).toBe('/opt/bicep');
  });
});
