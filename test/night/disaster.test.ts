import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { RunOutput } from '../../lib/cli/run/run-output.ts';
import { copyCloud, vaultFolder } from '../../lib/local/demo/damaged-copy.ts';
import { digestsBelow } from '../../lib/local/demo/sample-files.ts';
import { fingerprints, type TableFingerprint } from '../../lib/local/demo/table-fingerprints.ts';
import { CACHE, cliProcess } from '../support/cli-process.ts';
import type { CliResult } from '../support/cli-rig.ts';
import { DatabaseRig } from '../support/database-rig.ts';
import { scratchFolder, scratchFolderUntilEnd } from '../support/scratch-folder.ts';

const EFS = { fileSystemId: 'fs-0d3a0d3a0d3a0d3a0', accessPointId: 'fsap-0d3a0d3a0d3a0d3a0' };
const KEY = 'arn:aws:kms:eu-west-3:123456789012:key/01234567-89ab-cdef-0123-456789abcdef';

const config = (more: string): string => `
${more}
volumes: { files: ${JSON.stringify(EFS)} }
connections:
  main: { secret: main, sslMode: disable }
restore:
  targets:
    fresh: { connection: main, volume: files }
sources:
  - { id: roles, kind: globals, connection: main }
  - { id: shop, database: shop, connection: main }
  - { id: wiki, database: wiki, connection: main }
  - { id: media, kind: files, volume: files, folder: media }
`;

const SHOP = `
  CREATE TABLE customer (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL);
  INSERT INTO customer (name) SELECT 'customer ' || i FROM generate_series(1, 2000) i;
  CREATE TABLE purchase (id bigserial PRIMARY KEY, customer int REFERENCES customer, total numeric(10, 2));
  INSERT INTO purchase (customer, total) SELECT 1 + i % 2000, i / 100.0 FROM generate_series(1, 5000) i;
  CREATE INDEX ON purchase (customer);
  CREATE VIEW spent AS SELECT customer, sum(total) FROM purchase GROUP BY customer;
  ALTER TABLE customer OWNER TO shop_owner;
  GRANT SELECT ON spent TO shop_reader;
  ALTER DATABASE shop OWNER TO shop_owner`;
const WIKI = `CREATE SCHEMA pages; CREATE TABLE pages.page (title text PRIMARY KEY, body text);
  INSERT INTO pages.page SELECT 'page ' || i, repeat(md5(i::text), 20) FROM generate_series(1, 800) i;
  SELECT lo_from_bytea(0, sha512(i::text::bytea)) FROM generate_series(1, 5) i`;
const DATABASES = ['shop', 'wiki'] as const;

/** What there was, as an independent reader saw it. */
interface Remembered {
  readonly tables: Readonly<Record<string, readonly TableFingerprint[]>>;
  readonly script: string;
  readonly files: ReadonlyMap<string, string>;
}

const readAll = async (rig: DatabaseRig): Promise<Remembered['tables']> => {
  const { host, port, user, password } = rig.server;
  const read = DATABASES.map(
    async (database) => [database, await fingerprints({ host, port, user, password, database })] as const,
  );
  return Object.fromEntries(await Promise.all(read));
};

/** Every definition, owner and grant of the shop, without what differs from one dump to the next. */
const scriptOf = async (rig: DatabaseRig): Promise<string> =>
  (await rig.program('pg_dump', ['--schema-only', 'shop'])).replace(/^\\(un)?restrict .*$/gm, '');

/** Plain programs of the server's installation, as somebody without nightproof has them. */
async function plain(rig: DatabaseRig, program: string, args: readonly string[]): Promise<void> {
  const { host, port, user, password, install } = rig.server;
  const env = { PGHOST: host, PGPORT: String(port), PGUSER: user, PGPASSWORD: password, LC_ALL: 'C' };
  await promisify(execFile)(join(install.binDir, program), [...args], { env });
}

/** A machine with a clone of nightproof, a configuration, the login of a server, and nothing else. */
function machine(rig: DatabaseRig, cwd: string, more = '') {
  const dir = join(cwd, 'place');
  mkdirSync(dir);
  writeFileSync(join(cwd, 'nightproof.yaml'), config(more));
  writeFileSync(join(dir, 'secrets.json'), JSON.stringify({ main: JSON.parse(rig.secret()) }), { mode: 0o600 });
  writeFileSync(join(dir, 'volumes.json'), JSON.stringify({ files: 'files' }));
  mkdirSync(join(dir, 'files'));
  const nightproof = (...args: readonly string[]): Promise<CliResult> =>
    cliProcess([...args, '--local', 'place'], { env: CACHE, cwd });
  return { cwd, dir, nightproof };
}

/** A cloud is deployed, and a whole set restored: half a minute on two idle cores. */
const LIMIT_MS = 240_000;

describe('when everything is lost but the vault', { timeout: LIMIT_MS }, () => {
  let remembered: Remembered;
  let bucket = '';
  let slot = '';
  /** The bucket, all that was saved. */
  const saved = scratchFolderUntilEnd();

  const first = scratchFolderUntilEnd();
  beforeAll(async () => {
    const rig = await DatabaseRig.start();
    await rig.sql('postgres', 'CREATE ROLE shop_owner; CREATE ROLE shop_reader');
    await rig.database('shop', SHOP);
    await rig.database('wiki', WIKI);
    const { dir, nightproof } = machine(rig, first);
    mkdirSync(join(dir, 'files/media/2026'), { recursive: true });
    for (let n = 0; n < 12; n++) writeFileSync(join(dir, `files/media/2026/picture ${n}.jpg`), `picture ${n}`.repeat(4000));

    const night = await nightproof('run', '--json');
    if (night.code !== 0) throw new Error(`the first night ended with ${night.code}: ${night.stderr}`);
    ({ slot } = RunOutput.parse(JSON.parse(night.stdout)));

    remembered = { tables: await readAll(rig), script: await scriptOf(rig), files: digestsBelow(join(dir, 'files/media')) };
    const vault = vaultFolder(dir);
    bucket = basename(vault);
    await copyCloud(vault, saved);
    await rig.stop();
    rmSync(first, { recursive: true });
  });

  it('one command brings roles, databases and files back to a new server, by a new stack over the old bucket', async () => {
    const rig = await DatabaseRig.start();
    try {
      const { dir, nightproof } = machine(rig, scratchFolder(), `vault: { bucketName: ${bucket}, keyArn: "${KEY}" }`);
      mkdirSync(join(dir, 'vault', bucket), { recursive: true });
      await copyCloud(saved, join(dir, 'vault', bucket));

      const restored = await nightproof(
        'restore',
        '--set',
        'latest',
        '--target',
        'fresh',
        '--over-source',
        '--confirm',
        `fresh/set ${slot}`,
      );

      expect(restored, restored.stderr).toMatchObject({ code: 0 });
      expect(await readAll(rig)).toEqual(remembered.tables);
      expect(await scriptOf(rig)).toBe(remembered.script);
      expect(digestsBelow(join(dir, 'files/media'))).toEqual(remembered.files);
    } finally {
      await rig.stop();
    }
  });

  it('psql, pg_restore and tar bring the same back, as the runbook has it', async () => {
    const rig = await DatabaseRig.start();
    const folder = scratchFolder();
    try {
      cpSync(join(saved, 'daily'), folder, { recursive: true });
      const file = (source: string, ending: string): string =>
        join(folder, readdirSync(folder).find((name) => name.startsWith(`${source}_`) && name.endsWith(ending)) ?? '');

      // the script gives every role the password that it had, the one that runs it too
      const own = `--command=ALTER ROLE ${rig.server.user} PASSWORD '${rig.server.password}'`;
      await plain(rig, 'psql', ['--dbname=postgres', `--file=${file('roles', '.sql')}`, own]);
      for (const database of DATABASES) {
        await rig.database(database);
        await plain(rig, 'pg_restore', [
          '--exit-on-error',
          '--single-transaction',
          `--dbname=${database}`,
          file(database, '.dump'),
        ]);
      }
      mkdirSync(join(folder, 'media'));
      await promisify(execFile)('tar', ['-xzf', file('media', '.tar.gz'), '-C', join(folder, 'media')]);

      expect(await readAll(rig)).toEqual(remembered.tables);
      expect(await scriptOf(rig)).toBe(remembered.script);
      expect(digestsBelow(join(folder, 'media'))).toEqual(remembered.files);
    } finally {
      await rig.stop();
    }
  });

  it('is told in the runbook, with these programs and this command', () => {
    const [, article = ''] =
      /## Everything is lost but the vault\n([\s\S]*?)\n## /.exec(readFileSync('docs/runbook.md', 'utf8')) ?? [];
    for (const word of [
      'nightproof restore --set latest --target',
      'bucketName',
      'psql',
      'tar -xzf',
      'Restore a database by hand',
    ])
      expect(article).toContain(word);
  });
});
