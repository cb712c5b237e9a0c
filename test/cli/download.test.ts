import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DownloadOutput } from '../../lib/cli/download/download-output.ts';
import { manifestKey } from '../../lib/domain/backup/keys.ts';
import { backendOver, cli } from '../support/cli-rig.ts';
import { MemoryVault } from '../support/memory-vault.ts';
import { backup, manifestOf, minutesAfter, SUNDAY, slotBefore, sourceOf } from '../support/night.ts';
import { scratchFolder } from '../support/scratch-folder.ts';
import { datedFolderOf, RECIPIENT } from '../support/sources.ts';
import { VaultRig } from '../support/vault-rig.ts';
import { backedUp } from './kinds.ts';

const KEY = `daily/app_${SUNDAY}.dump`;

describe('download', () => {
  it('writes the backup under the name that was asked for, readable for its owner only', async () => {
    const vault = new MemoryVault();
    backup(vault, 'app', SUNDAY);
    const file = join(scratchFolder(), 'app.dump');

    const { code, stdout, stderr } = await cli(['download', KEY, '--to', file], { backend: backendOver(vault) });

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(readFileSync(file, 'utf8')).toBe(`dump of app at ${SUNDAY}`);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(stdout).toContain('its SHA-256 is that of the manifest');
    expect(readdirSync(join(file, '..'))).toEqual(['app.dump']);
  });

  it('takes the newest verified backup of a source, the daily before its copies, and puts it into a folder', async () => {
    const vault = new MemoryVault();
    for (const days of [0, 1, 30]) backup(vault, 'app', slotBefore(SUNDAY, days));
    backup(vault, 'app', SUNDAY, 'weekly');
    backup(vault, 'app_archive', slotBefore(SUNDAY, -1));
    vault.put(`daily/app_${slotBefore(SUNDAY, -2)}.dump`, 'still being written');
    const folder = scratchFolder();

    const { stdout } = await cli(['download', '--latest', 'app', '--to', folder, '--json'], { backend: backendOver(vault) });

    expect(DownloadOutput.parse(JSON.parse(stdout))).toMatchObject({
      key: KEY,
      file: join(folder, `app_${SUNDAY}.dump`),
      encrypted: false,
    });
    expect(readdirSync(folder)).toEqual([`app_${SUNDAY}.dump`]);
  });

  it('fetches archives by their date, and encrypted backups as they are', async () => {
    const vault = new MemoryVault();
    for (const date of ['2026-04-08', '2026-04-15']) backedUp(vault, datedFolderOf('rpps', date), SUNDAY);
    backedUp(vault, { ...sourceOf('app'), recipients: [RECIPIENT] }, SUNDAY);
    const folder = scratchFolder();
    const fetch = async (id: string) =>
      DownloadOutput.parse(
        JSON.parse((await cli(['download', '--latest', id, '--to', folder, '--json'], { backend: backendOver(vault) })).stdout),
      );

    expect(await fetch('rpps')).toMatchObject({ key: 'archive/rpps_2026-04-15.tar.gz', encrypted: false });
    expect(await fetch('app')).toMatchObject({ key: `${KEY}.age`, encrypted: true });
  });

  it.each([
    ['is longer', `dump of app at ${SUNDAY}!`, 'bytes, where the manifest says'],
    ['is cut', 'dump of', '7 bytes, where the manifest says'],
    ['has another content', `dump of app at ${slotBefore(SUNDAY, 1)}`, 'SHA-256 '],
  ])('keeps nothing of an object that %s', async (_, body, words) => {
    const vault = new MemoryVault();
    backup(vault, 'app', SUNDAY);
    vault.put(KEY, body);
    const folder = scratchFolder();

    const { code, stdout, stderr } = await cli(['download', KEY, '--to', join(folder, 'x')], { backend: backendOver(vault) });

    expect({ code, stdout, left: readdirSync(folder) }).toEqual({ code: 1, stdout: '', left: [] });
    expect(stderr).toContain(words);
    expect(stderr).toContain('remedy: Try once more.');
  });

  it('leaves a file that exists alone, unless it is forced, and even then until the new one is whole', async () => {
    const vault = new MemoryVault();
    backup(vault, 'app', SUNDAY);
    const folder = scratchFolder();
    const file = join(folder, 'app.dump');
    const args = ['download', KEY, '--to', file];
    writeFileSync(file, 'precious');

    expect(await cli(args, { backend: backendOver(vault) })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('exists'),
    });
    vault.put(KEY, 'damaged');
    expect((await cli([...args, '--force'], { backend: backendOver(vault) })).code).toBe(1);
    expect(readFileSync(file, 'utf8')).toBe('precious');

    backup(vault, 'app', SUNDAY);
    expect((await cli([...args, '--force'], { backend: backendOver(vault) })).code).toBe(0);
    expect(readFileSync(file, 'utf8')).toBe(`dump of app at ${SUNDAY}`);
  });

  it('does not write over what another download may be writing', async () => {
    const vault = new MemoryVault();
    backup(vault, 'app', SUNDAY);
    const file = join(scratchFolder(), 'app.dump');
    writeFileSync(`${file}.part`, 'of a process that was killed', { mode: 0o644 });

    const refused = await cli(['download', KEY, '--to', file], { backend: backendOver(vault) });
    const forced = await cli(['download', KEY, '--to', file, '--force'], { backend: backendOver(vault) });

    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('.part exists') });
    expect({ code: forced.code, part: existsSync(`${file}.part`), mode: statSync(file).mode & 0o777 }).toEqual({
      code: 0,
      part: false,
      mode: 0o600,
    });
  });

  it.each([
    [[], 'no backup was named'],
    [[KEY, '--latest', 'app'], 'both given'],
    [['daily/app'], 'is not the key of a backup'],
    [['--latest', 'a b'], 'is no source id'],
    [[KEY, '--to', '/nonexistent/folder/app.dump'], 'the folder /nonexistent/folder does not exist'],
  ])('ends with 2 for %j', async (args, words) => {
    const vault = new MemoryVault();
    backup(vault, 'app', SUNDAY);

    expect(await cli(['download', ...args], { backend: backendOver(vault) })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(words),
    });
  });

  it('ends with 1 where there is no such backup', async () => {
    const backend = backendOver(new MemoryVault());

    expect(await cli(['download', KEY], { backend })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`there is no backup ${KEY}`),
    });
    expect(await cli(['download', '--latest', 'app'], { backend })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('no verified backup of app'),
    });
  });

  it('says what the file system refuses', async () => {
    const vault = new MemoryVault();
    backup(vault, 'app', SUNDAY);
    const folder = scratchFolder();

    const { code, stderr } = await cli(['download', KEY, '--to', join(folder, 'x'.repeat(252))], { backend: backendOver(vault) });

    expect({ code, left: readdirSync(folder) }).toEqual({ code: 2, left: [] });
    expect(stderr).toContain('cannot be written (ENAMETOOLONG). Nothing was kept');
  });

  it.each([
    ['on Ctrl-C', 130, 'interrupted'],
    ['where the stream breaks off', 3, 'no answer (ECONNRESET)'],
  ])('keeps nothing %s', async (_, expected, words) => {
    const vault = new MemoryVault();
    backup(vault, 'app', SUNDAY);
    const folder = scratchFolder();
    const interrupt = new AbortController();
    const hangsUp = Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
    // gives a first piece, and then what the case says
    vault.read = async () => {
      const stream = new Readable({ read: () => undefined });
      stream.push('dump');
      setImmediate(() => (expected === 130 ? interrupt.abort() : stream.destroy(hangsUp)));
      return stream;
    };
    const backend = backendOver(vault);

    const { code, stderr } = await cli(['download', KEY, '--to', join(folder, 'x')], { backend, interrupt: interrupt.signal });

    expect({ code, left: readdirSync(folder), closed: backend.closed() }).toEqual({ code: expected, left: [], closed: true });
    expect(stderr).toContain(words);
  });

  it('shows on a terminal how far it is, on one line', async () => {
    const vault = new MemoryVault();
    backup(vault, 'app', SUNDAY);
    let minute = 0;

    const { stderr } = await cli(['download', KEY, '--to', join(scratchFolder(), 'x')], {
      backend: backendOver(vault),
      columns: 80,
      now: () => minutesAfter(SUNDAY, minute++),
    });

    expect(stderr).toBe('\r\u001b[2K100 %  30 B of 30 B, 0.5 B/s\n');
  });
});

describe('download from a real store', () => {
  let rig: VaultRig;
  beforeAll(async () => {
    rig = await VaultRig.start();
  });
  afterAll(() => rig.stop());

  it('brings megabytes as they were, and finds the one byte that is not', async () => {
    const body = randomBytes(20_000_000);
    const manifest = manifestOf('app', SUNDAY, body);
    await rig.s3.send(new PutObjectCommand({ Bucket: rig.bucket, Key: KEY, Body: body }));
    await rig.vault.putOnce(manifestKey(KEY), manifest);
    const folder = scratchFolder();
    const file = join(folder, 'app.dump');
    const backend = backendOver(rig.vault);

    const good = await cli(['download', KEY, '--to', file], { backend });
    const damaged = Buffer.from(body);
    damaged.writeUInt8(damaged.readUInt8(12_345_678) ^ 1, 12_345_678);
    await rig.s3.send(new PutObjectCommand({ Bucket: rig.bucket, Key: KEY, Body: damaged }));
    const bad = await cli(['download', KEY, '--to', join(folder, 'bad')], { backend });

    expect(good.code).toBe(0);
    expect(createHash('sha256').update(readFileSync(file)).digest('hex')).toBe(manifest.receipt.sha256);
    expect({ code: bad.code, left: readdirSync(folder) }).toEqual({ code: 1, left: ['app.dump'] });
  });
});
