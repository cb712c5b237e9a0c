import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readLocalSecrets } from '../../lib/cli/place/local-secrets.ts';
import { secretsIn } from '../../lib/cli/place/needed-secrets.ts';
import { explain } from '../../lib/cli/terminal/explain.ts';
import { sourceOf } from '../support/night.ts';
import { scratchFolder } from '../support/scratch-folder.ts';

const SECRET = { username: 'backup', password: 'hunter2', host: 'localhost', port: 5432 };

function file(text: string, mode = 0o600): string {
  const path = join(scratchFolder(), 'secrets.json');
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

function refusal(path: string, wanted: readonly string[]) {
  try {
    readLocalSecrets(path, wanted);
  } catch (thrown) {
    return explain(thrown);
  }
  throw new Error('it was not refused');
}

it('reads the secrets of a file that only its owner can read', () => {
  const secrets = { 'secret/app': SECRET, other: {}, identity: '# made today\nAGE-SECRET-KEY-1TEST' };

  expect(readLocalSecrets(file(JSON.stringify(secrets)), ['secret/app'])).toEqual(secrets);
});

it.each([0o640, 0o604, 0o660, 0o644, 0o620])('refuses mode %o, with the command that mends it', (mode) => {
  const path = file(JSON.stringify({ 'secret/app': SECRET }), mode);

  expect(refusal(path, [])).toMatchObject({ exitCode: 2, remedy: `chmod 600 ${path}` });
});

it('names the secret that is missing, and never what is in the file', () => {
  const error = refusal(file(JSON.stringify({ 'secret/app': SECRET })), ['secret/app', 'secret/crm']);

  expect(error.message).toContain('has no secret secret/crm');
  expect(`${error.message}${error.remedy}`).not.toContain('hunter2');
});

it.each(['{"secret/app": {"password": "hunter2"', '[]', '{"secret/app": "hunter2"}', ''])(
  'refuses %s without repeating it',
  (text) => {
    const error = refusal(file(text), ['secret/app']);

    expect(error).toMatchObject({ exitCode: 2, message: expect.stringContaining('is not a JSON object of secrets by name') });
    expect(`${error.message}${error.remedy}`).not.toContain('hunter2');
  },
);

it('says what to write where there is no file, unless no secret is needed', () => {
  const path = join(scratchFolder(), 'secrets.json');

  expect(refusal(path, ['secret/app']).remedy).toContain('{"secret/app": {"username": "..."');
  expect(readLocalSecrets(path, [])).toEqual({});
});

it('asks for each secret of the sources once, and for none where IAM is used', () => {
  const iam = { ...sourceOf('crm'), connection: { auth: 'iam' as const, sslMode: 'verify-full' as const, host: 'h', user: 'u' } };

  expect(secretsIn([sourceOf('app'), { ...sourceOf('app'), id: 'again' }, iam])).toEqual(['secret/app']);
});
