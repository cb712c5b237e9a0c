import { mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { builtBefore } from '../../lib/infra/built-before.ts';
import { scratchFolder } from '../support/scratch-folder.ts';

afterEach(() => vi.unstubAllEnvs());

/** Builds into a new folder of its own, and says whether it had to. */
function built(what: string): { readonly content: string; readonly builds: number } {
  const folder = scratchFolder();
  let builds = 0;
  builtBefore(what, folder, () => {
    builds++;
    writeFileSync(join(folder, 'index.mjs'), `// ${what}`);
  });
  return { content: readFileSync(join(folder, 'index.mjs'), 'utf8'), builds };
}

describe('a bundle', () => {
  it('is built each time where nobody keeps bundles, as for a deployment', () => {
    vi.stubEnv('NIGHTPROOF_BUNDLES', undefined);
    expect([built('plan'), built('plan')].map(({ builds }) => builds)).toEqual([1, 1]);
  });

  it('is built once of the same sources where they are kept, each by itself', () => {
    vi.stubEnv('NIGHTPROOF_BUNDLES', scratchFolder());
    expect([built('plan'), built('plan'), built('verify'), built('verify')]).toEqual([
      { content: '// plan', builds: 1 },
      { content: '// plan', builds: 0 },
      { content: '// verify', builds: 1 },
      { content: '// verify', builds: 0 },
    ]);
  });

  it('leaves nothing half-written, and those of sources long gone are forgotten', () => {
    const root = scratchFolder();
    vi.stubEnv('NIGHTPROOF_BUNDLES', root);
    mkdirSync(join(root, 'gone'));
    utimesSync(join(root, 'gone'), 0, 0);
    built('plan');
    const [sources, ...others] = readdirSync(root);
    expect(others).toEqual([]);
    expect(readdirSync(join(root, sources ?? ''))).toHaveLength(1);
  });
});
