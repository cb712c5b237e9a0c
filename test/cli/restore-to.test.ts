import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { generateIdentity, identityToRecipient } from 'age-encryption';
import { beforeEach, describe, expect, it } from 'vitest';
import { RestoredFolderOutput } from '../../lib/cli/restore/restored-folder-output.ts';
import { manifestKey, membersKey } from '../../lib/domain/backup/keys.ts';
import type { Manifest } from '../../lib/domain/backup/manifest.ts';
import { encryptTo } from '../../lib/runtime/encryption/age-encryption.ts';
import { digestOf } from '../../lib/runtime/stored-digest.ts';
import { backendOver, type CliOptions, cli } from '../support/cli-rig.ts';
import { MemoryVault } from '../support/memory-vault.ts';
import { backup, SUNDAY } from '../support/night.ts';
import { scratchFolder } from '../support/scratch-folder.ts';
import { datedFolderOf } from '../support/sources.ts';
import { type Archived, archive, plant } from '../support/tree-rig.ts';
import { backedUp } from './kinds.ts';

const KEY = 'archive/rpps_2026-04-15.tar.gz';
const ARCHIVE = ['restore', '--archive', 'rpps', '--date', '2026-04-15'];

let archived: Archived;
let place: string;
beforeEach(async () => {
  const source = scratchFolder();
  plant(source, { 'ps/one.csv': '1', 'ps/two.csv': 'two '.repeat(50_000), 'notes.txt': 'of the month' });
  archived = await archive(source);
  place = scratchFolder();
});

const digestsOf = async (stored: Buffer) => {
  const { bytes, sha256, crc32 } = await digestOf(Readable.from([stored]), async () => undefined);
  return { bytes, sha256, crc32 };
};

/** Puts the archive of the folder down as the task left it, encrypted where there are recipients. */
async function vaultWith(recipients?: readonly string[]): Promise<{ vault: MemoryVault; key: string; stored: Buffer }> {
  const vault = new MemoryVault();
  const source = datedFolderOf('rpps', '2026-04-15', { ...(recipients && { recipients: [...recipients] }) });
  const key = backedUp(vault, source, SUNDAY);
  const stored = recipients ? await encrypted(archived.stored, recipients) : archived.stored;
  const digests = await digestsOf(stored);
  const plain = await digestsOf(archived.stored);
  const manifest = vault.json(manifestKey(key)) as Manifest;
  vault.put(key, stored);
  vault.put(manifestKey(key), {
    ...manifest,
    receipt: {
      ...manifest.receipt,
      ...digests,
      ...(recipients && {
        encryption: { format: 'age', recipients, plainBytes: plain.bytes, plainSha256: plain.sha256 },
      }),
      client: { version: 'GNU tar 1.34', compression: 'gzip:1' },
      contents: { ...archived.contents, members: { ...archived.contents.members, key: membersKey(key, digests.sha256) } },
    },
    verification: { ...manifest.verification, ...digests },
  });
  return { vault, key, stored };
}

async function encrypted(plain: Buffer, recipients: readonly string[]): Promise<Buffer> {
  const pieces: Buffer[] = [];
  const encryption = await encryptTo(recipients, async (piece) => void pieces.push(Buffer.from(piece)));
  await encryption.write(plain);
  await encryption.end();
  return Buffer.concat(pieces);
}

const to = (vault: MemoryVault, args: readonly string[], options: CliOptions = {}) =>
  cli([...ARCHIVE, '--to', join(place, 'out'), ...args], { backend: backendOver(vault), ...options });

describe('restore of a dated archive to a folder', () => {
  it('reads it whole, then unpacks it into a new folder', async () => {
    const { vault } = await vaultWith();

    const { code, stdout, stderr } = await to(vault, []);

    expect({ code, stderr }).toEqual({ code: 0, stderr: `reading ${KEY} whole\nunpacking it\n` });
    expect(stdout).toContain(`${join(place, 'out')}: 3 files, as they were backed up\n`);
    expect(readFileSync(join(place, 'out/ps/two.csv'), 'utf8')).toBe('two '.repeat(50_000));
    expect(readdirSync(place)).toEqual(['out']);
  });

  it('shows on a terminal how far it is', async () => {
    const { vault, stored } = await vaultWith();

    const { stderr } = await to(vault, [], { columns: 80 });

    expect(stderr).toContain(`100 %  ${stored.length < 1024 ? `${stored.length} B` : ''}`);
    expect(stderr.split('\n').filter((line) => line.includes('100 %'))).toHaveLength(2);
  });

  it('unpacks only what is asked for, and says it in JSON', async () => {
    const { vault } = await vaultWith();

    const { code, stdout } = await to(vault, ['--path', 'ps/one.csv', '--json']);

    expect({ code, left: readdirSync(join(place, 'out'), { recursive: true }) }).toEqual({ code: 0, left: ['ps', 'ps/one.csv'] });
    expect(RestoredFolderOutput.parse(JSON.parse(stdout))).toMatchObject({ key: KEY, files: 1, before: null });
  });

  it('does nothing on a dry run', async () => {
    const { vault } = await vaultWith();

    const { code, stdout } = await to(vault, ['--dry-run']);

    expect({ code, left: readdirSync(place) }).toEqual({ code: 0, left: [] });
    expect(stdout).toContain(`${KEY} would be unpacked into ${join(place, 'out')}: 3 files`);
  });

  it('leaves a folder that holds something alone, unless it is to be replaced; then that is kept', async () => {
    const { vault } = await vaultWith();
    mkdirSync(join(place, 'out'));
    writeFileSync(join(place, 'out/mine'), 'precious');

    const refused = await to(vault, []);
    const replaced = await to(vault, ['--replace']);

    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('is not empty') });
    const [before = ''] = readdirSync(place).filter((name) => name !== 'out');
    expect(replaced).toMatchObject({ code: 0, stdout: expect.stringContaining(before) });
    expect(readFileSync(join(place, before, 'mine'), 'utf8')).toBe('precious');
  });

  it('writes nothing of a backup that is damaged', async () => {
    const { vault, stored } = await vaultWith();
    const damaged = Buffer.from(stored);
    damaged.writeUInt8(damaged.readUInt8(300) ^ 1, 300);
    vault.put(KEY, damaged);

    const { code, stderr } = await to(vault, []);

    expect({ code, left: readdirSync(place) }).toEqual({ code: 1, left: [] });
    expect(stderr).toMatch(/error: damaged: .+\nremedy: /);
  });

  it('says which paths the backup does not hold', async () => {
    const { vault } = await vaultWith();

    expect(await to(vault, ['--path', 'ps/three.csv'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('the archive does not hold "ps/three.csv"'),
    });
  });

  it('refuses what is no tree, and a date without an archive', async () => {
    const { vault } = await vaultWith();
    const dump = backup(vault, 'app', SUNDAY);

    const noTree = await cli(['restore', dump, '--to', join(place, 'out')], { backend: backendOver(vault) });
    const noArchive = await cli(['restore', '--archive', 'rpps', '--date', '2026-04-16', '--to', join(place, 'out')], {
      backend: backendOver(vault),
    });

    expect(noTree).toMatchObject({ code: 2, stderr: expect.stringContaining(`${dump} is no tree of files`) });
    expect(noArchive).toMatchObject({ code: 1, stderr: expect.stringContaining('no undamaged backup in archive of 2026-04-16') });
    expect(existsSync(join(place, 'out'))).toBe(false);
  });
});

describe('an encrypted backup', () => {
  const identityFile = (text: string): string => {
    const file = join(scratchFolder(), 'identity.txt');
    writeFileSync(file, text);
    return file;
  };

  it('is decrypted on the way with the identity of one of its recipients', async () => {
    const [mine, other] = [await generateIdentity(), await generateIdentity()];
    const { vault, key } = await vaultWith([await identityToRecipient(other), await identityToRecipient(mine)]);

    const { code, stdout } = await to(vault, ['--identity', identityFile(`# created: today\n# public key: x\n${mine}\n`)]);

    expect({ code, key, named: stdout.includes(`${KEY}.age`) }).toEqual({ code: 0, key: `${KEY}.age`, named: true });
    expect(readFileSync(join(place, 'out/notes.txt'), 'utf8')).toBe('of the month');
  });

  it.each([
    ['without an identity', undefined, 'is encrypted'],
    ['with that of somebody else', 'other', 'encrypted to others than these identities'],
    ['with what is no identity', 'age1notasecret', 'is no age identity'],
    ['with nothing', '# nothing\n', 'there is no age identity in it'],
  ])('is not restored %s, and nothing of the file is shown', async (_, text, words) => {
    const { vault } = await vaultWith([await identityToRecipient(await generateIdentity())]);
    const written = text === 'other' ? await generateIdentity() : text;

    const result = await to(vault, written === undefined ? [] : ['--identity', identityFile(written)]);

    expect(result).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(words) });
    expect(result.stderr).not.toContain(written ?? 'nothing');
    expect(readdirSync(place)).toEqual([]);
  });
});
