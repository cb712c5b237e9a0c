import { execFileSync } from 'node:child_process';
import { chownSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SslMode } from '../../../lib/runtime/postgres/ca-bundle.ts';
import { openSession } from '../../../lib/runtime/postgres/server-connection.ts';
import { unprivilegedUser } from '../../../lib/runtime/postgres/unprivileged.ts';
import { DatabaseRig } from '../../support/database-rig.ts';
import { dumpDependencies, runTask } from '../../support/dump-rig.ts';
import { toolchain } from '../../support/toolchain.ts';
import { VaultRig } from '../../support/vault-rig.ts';

/** The output of a program, or nothing where the machine has none. */
function ask(program: string, args: readonly string[]): string {
  try {
    return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    return '';
  }
}

const withTls = (await toolchain()).postgres.find(
  ({ hasServer, binDir }) => hasServer && /--with-(openssl|ssl)/.test(ask(join(binDir, 'pg_config'), ['--configure'])),
);
const hasOpenssl = ask('openssl', ['version']) !== '';

describe.skipIf(!withTls || !hasOpenssl)('a server whose certificate nobody vouches for', () => {
  let folder: string;
  let server: DatabaseRig;
  let store: VaultRig;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'nightproof-tls-'));
    const [key, certificate] = [join(folder, 'server.key'), join(folder, 'server.crt')];
    const made = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=127.0.0.1'];
    execFileSync('openssl', [...made, '-keyout', key, '-out', certificate], { stdio: 'ignore' });
    const user = unprivilegedUser();
    for (const path of [folder, key, certificate]) if (user) chownSync(path, user.uid, user.gid);
    server = await DatabaseRig.start(withTls?.major, { ssl: 'on', ssl_key_file: key, ssl_cert_file: certificate });
    store = await VaultRig.start();
    await server.database('shop', 'CREATE TABLE t AS SELECT 1 AS a');
  });
  afterAll(async () => {
    await Promise.all([server.stop(), store.stop()]);
    rmSync(folder, { recursive: true, force: true });
  });

  const encrypted = async (sslMode: SslMode): Promise<unknown> => {
    const { host, port, user, password } = server.server;
    const session = await openSession(
      { database: 'shop', sslMode },
      { host, port, user, password },
      new AbortController().signal,
    );
    const [row] = await session.rows<{ ssl: boolean }>('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()');
    await session.close();
    return row?.ssl;
  };

  it.each([
    ['disable', false],
    ['allow', false],
    ['prefer', true],
    ['require', true],
  ] as const)('is talked to with sslMode %s, encrypted: %s', async (sslMode, expected) => {
    expect(await encrypted(sslMode)).toBe(expected);
  });

  it.each(['verify-ca', 'verify-full'] as const)('is refused with sslMode %s', async (sslMode) => {
    await expect(encrypted(sslMode)).rejects.toMatchObject({
      reason: 'unreachable',
      message: expect.stringContaining('TLS DEPTH_ZERO_SELF_SIGNED_CERT'),
    });
  });

  it('is dumped by pg_dump in the same mode', async () => {
    const source = server.source('shop', { connection: { secret: 'shop-secret', auth: 'password', sslMode: 'require' } });
    expect(await runTask(store, source, dumpDependencies({ server, store }))).toMatchObject({ exitCode: 0 });
  });
});
