import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { BAD_CONFIGS, SECRETS } from '../support/bad-configs.ts';

const folder = mkdtempSync(join(tmpdir(), 'nightproof-app-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The app as the CDK starts it, in a folder of its own; returns what it wrote there beside the configuration. */
function app(config: string) {
  const cwd = mkdtempSync(join(folder, 'run-'));
  if (config !== '') writeFileSync(join(cwd, 'nightproof.yaml'), config);
  const { status, stdout, stderr } = spawnSync(process.execPath, [resolve('bin/app.ts')], {
    cwd,
    env: {
      PATH: process.env.PATH ?? '',
      CDK_OUTDIR: join(cwd, 'cdk.out'),
      CDK_CONTEXT_JSON: JSON.stringify({ config: 'nightproof.yaml' }),
    },
    encoding: 'utf8',
  });
  return { status, stdout, stderr, left: readdirSync(cwd).filter((name) => name !== 'nightproof.yaml') };
}

/** One of each stage that refuses: the parser, the schema, references between parts, and what must not be repeated. */
const CASES = [
  'a tab that indents',
  'a misspelt key deep in a source',
  'a kind that is misspelt',
  'an id of a database that a server may have',
  'a storage class for longer than copies are kept',
  'a secret key as a recipient',
  'a connection string in place of a connection',
  'several mistakes at once',
] as const;

describe('the app, with a configuration that cannot be used', () => {
  it.each(CASES)('ends with code 2 and the message alone, and writes nothing: %s', (name) => {
    const { status, stdout, stderr, left } = app(BAD_CONFIGS[name] ?? '');

    expect(status).toBe(2);
    expect(stdout).toBe('');
    expect(left).toEqual([]);
    for (const line of stderr.trimEnd().split('\n')) expect(goldenLines()).toContain(line);
    for (const secret of SECRETS) expect(stderr).not.toContain(secret);
  });

  it('says how to name another file where there is none', () => {
    const { status, stderr, left } = app('');
    expect({ status, left }).toEqual({ status: 2, left: [] });
    expect(stderr).toBe('nightproof.yaml: cannot be read (ENOENT). Name the configuration with -c config=path.\n');
  });
});

const goldenLines = (): readonly string[] => readFileSync('test/domain/golden/bad-config.txt', 'utf8').split('\n');
