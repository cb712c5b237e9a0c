import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, it } from 'vitest';
import { writeConnectionFiles } from '../../../lib/runtime/postgres/connection-files.ts';

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);

it('lets nobody else read the password, and takes it away again', async () => {
  const files = await writeConnectionFiles('secret');
  const folder = dirname(files.passwordFile);
  expect([folder, files.passwordFile, files.authoritiesFile].map(modeOf)).toEqual(['700', '600', '600']);
  await files.remove();
  expect(existsSync(folder)).toBe(false);
});

it('escapes what a password file would read as something else', async () => {
  const files = await writeConnectionFiles('a:b\\c d');
  expect(readFileSync(files.passwordFile, 'utf8')).toBe('*:*:*:*:a\\:b\\\\c d\n');
  await files.remove();
});

it('believes the authorities of RDS and of the public web', async () => {
  const files = await writeConnectionFiles('x');
  const certificates = readFileSync(files.authoritiesFile, 'utf8').match(
    /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g,
  );
  const subjects = (certificates ?? []).map((pem) => new X509Certificate(pem).subject);
  expect(subjects.filter((subject) => subject.includes('Amazon RDS')).length).toBeGreaterThan(50);
  expect(subjects.filter((subject) => subject.includes('ISRG Root X1'))).toHaveLength(1);
  await files.remove();
});
