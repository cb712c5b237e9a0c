import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ListOutput } from '../../lib/cli/list/list-output.ts';
import { manifestKey } from '../../lib/domain/backup/keys.ts';
import { backendOver, cli, opened, transcript } from '../support/cli-rig.ts';
import { MemoryVault } from '../support/memory-vault.ts';
import { backup, manifestOf, SUNDAY, slotBefore } from '../support/night.ts';
import { VaultRig } from '../support/vault-rig.ts';

/** Two sources over some nights, copies in other tiers, and what does not belong there. */
function busyVault(): MemoryVault {
  const vault = new MemoryVault();
  for (const days of [0, 1, 2, 30, 400]) backup(vault, 'app', slotBefore(SUNDAY, days));
  backup(vault, 'app', SUNDAY, 'weekly');
  backup(vault, 'app_archive', slotBefore(SUNDAY, 1));
  vault.put('daily/crm_20260419_020000.dump', 'still being written');
  vault.put('daily/notes.txt', 'somebody was here');
  vault.put('runs/2026/04/20260419_020000/plan.json', {});
  return vault;
}

describe('list', () => {
  it.each([
    ['list', ['list']],
    ['list-one-source', ['list', '--source', 'app', '--tier', 'daily', '--limit', '2']],
    ['list-nothing', ['list', '--source', 'nobody']],
  ])('shows what can be restored, as in golden/%s.txt', async (name, args) => {
    const backend = backendOver(busyVault());

    await expect(transcript(args, await cli(args, { backend }))).toMatchFileSnapshot(`golden/${name}.txt`);

    expect(opened).toEqual([{ place: { stack: 'nightproof' }, purpose: { does: 'read' } }]);
    expect(backend.closed()).toBe(true);
  });

  it('prints JSON of a closed schema', async () => {
    const { code, stdout } = await cli(['list', '--json', '--limit', '1'], { backend: backendOver(busyVault()) });

    const output = ListOutput.parse(JSON.parse(stdout));
    expect(code).toBe(0);
    expect(output).toMatchObject({ total: 7, withoutManifest: ['daily/crm_20260419_020000.dump'], foreign: ['daily/notes.txt'] });
    expect(output.backups).toEqual([
      {
        key: 'daily/app_20260419_020000.dump',
        slot: SUNDAY,
        sourceId: 'app',
        tier: 'daily',
        bytes: 30,
        counts: { of: 'database', tables: 1, rows: 30 },
        plan: 'nightly',
        kind: 'database',
        date: null,
        encrypted: false,
        keepRule: null,
        retentionUntil: null,
        proof: 'verified',
        lastDrill: null,
        createdAt: '2026-04-19T02:05:00.000Z',
        ageSeconds: 7 * 3600,
      },
    ]);
  });

  it('keeps its layout with the longest id, and cuts it only on a terminal', async () => {
    const vault = new MemoryVault();
    const longest = `a${'0123456789'.repeat(6)}bc`;
    backup(vault, longest, SUNDAY);
    backup(vault, 'app', SUNDAY);
    const backend = backendOver(vault);

    const narrow = (await cli(['list'], { backend, columns: 80 })).stdout.split('\n');
    const piped = (await cli(['list'], { backend })).stdout.split('\n');

    expect(longest).toHaveLength(63);
    expect(narrow[1]).toMatch(/^20260419_020000 {2}a01234\S*…\S*89bc {2}daily .* 7 h$/);
    expect(narrow.slice(0, 3).map((line) => line.length)).toEqual([80, 80, 80]);
    expect(piped[1]).toContain(` ${longest} `);
    expect(new Set(piped.slice(0, 3).map((line) => line.length)).size).toBe(1);
  });

  it('has colours on a terminal, unless NO_COLOR is set', async () => {
    const backend = backendOver(busyVault());
    vi.stubEnv('NO_COLOR', undefined);

    const coloured = await cli(['list'], { backend, columns: 100, colours: true });
    vi.stubEnv('NO_COLOR', '1');
    const plain = await cli(['list'], { backend, columns: 100, colours: true });
    vi.unstubAllEnvs();

    expect(coloured.stdout).toContain('\u001b[32mverified\u001b[39m');
    expect(plain.stdout).not.toContain('\u001b');
  });

  it('reads only as many manifests as it shows', async () => {
    const vault = busyVault().failing('readJson', '20250315');

    const { code } = await cli(['list', '--limit', '6'], { backend: backendOver(vault) });

    expect({ code, unmet: vault.unmetFaults }).toEqual({ code: 0, unmet: 1 });
  });

  it('ends with 3 where the vault cannot be listed, and does not take a part for the whole', async () => {
    const vault = busyVault().failing('list', 'daily/');
    const backend = backendOver(vault);

    const { code, stdout, stderr } = await cli(['list'], { backend });

    expect({ code, stdout, unmet: vault.unmetFaults, closed: backend.closed() }).toEqual({
      code: 3,
      stdout: '',
      unmet: 0,
      closed: true,
    });
    expect(stderr).toContain('remedy: ');
  });
});

describe('list over a real store', () => {
  let rig: VaultRig;
  beforeAll(async () => {
    rig = await VaultRig.start();
  });
  afterAll(() => rig.stop());

  it('lists damaged manifests as findings and the rest as ever', async () => {
    const whole = manifestOf('app', SUNDAY, Buffer.from('dump'));
    const older = manifestOf('app', slotBefore(SUNDAY, 1), Buffer.from('dump'));
    const gone = manifestOf('app', slotBefore(SUNDAY, 2), Buffer.from('dump'));
    const short = manifestOf('app', slotBefore(SUNDAY, 3), Buffer.from('dump'));
    const future = manifestOf('app', slotBefore(SUNDAY, 4), Buffer.from('dump'));
    const swapped = manifestOf('app', slotBefore(SUNDAY, 5), Buffer.from('dump'));
    await put(whole.key, 'dump');
    await rig.vault.putOnce(manifestKey(whole.key), whole);
    await put(older.key, 'dump');
    await put(manifestKey(older.key), '{"version": 1, "sourceId"');
    await rig.vault.putOnce(manifestKey(gone.key), gone);
    await put(short.key, 'dum');
    await rig.vault.putOnce(manifestKey(short.key), short);
    await put(future.key, 'dump');
    await rig.vault.putOnce(manifestKey(future.key), { ...future, version: 2 });
    await put(swapped.key, 'dump');
    await rig.vault.putOnce(manifestKey(swapped.key), whole);

    const args = ['list'];
    const result = await cli(args, { backend: backendOver(rig.vault) });

    await expect(transcript(args, result)).toMatchFileSnapshot('golden/list-damaged.txt');
  });

  const put = async (key: string, body: string): Promise<void> => {
    const { PutObjectCommand } = await import('@aws-sdk/client-s3');
    await rig.s3.send(new PutObjectCommand({ Bucket: rig.bucket, Key: key, Body: body }));
  };
});
