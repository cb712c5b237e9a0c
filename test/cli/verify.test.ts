import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { VerifyOutput } from '../../lib/cli/verify/verify-output.ts';
import { DamageRecord } from '../../lib/domain/backup/damage.ts';
import { damagedKey } from '../../lib/domain/backup/keys.ts';
import { backendOver, cli } from '../support/cli-rig.ts';
import { type Corpus, type CorpusBackup, makeCorpus } from '../support/corpus-backups.ts';
import { CorpusVault } from '../support/corpus-vault.ts';
import { scratchFolderUntilEnd } from '../support/scratch-folder.ts';
import { SeededRandom } from '../support/seeded-random.ts';

const folder = scratchFolderUntilEnd();
let corpus: Corpus;
let vault: CorpusVault;
beforeAll(async () => {
  corpus = await makeCorpus(folder, 1, ['dump gzip', 'globals, encrypted', 'tree gzip']);
}, 120_000);
beforeEach(() => {
  vault = new CorpusVault(new Map(corpus.backups.flatMap(({ objects }) => [...objects])), new SeededRandom(1));
});

const verify = (args: readonly string[], facts: { readonly columns?: number; readonly interrupt?: AbortSignal } = {}) =>
  cli(['verify', ...args], { backend: backendOver(vault), ...facts });

async function parsed(args: readonly string[]): Promise<{ readonly code: number; readonly output: VerifyOutput }> {
  const { code, stdout } = await verify([...args, '--json']);
  return { code, output: VerifyOutput.parse(JSON.parse(stdout)) };
}

function backupOf(format: string): CorpusBackup {
  const found = corpus.backups.find((one) => one.format === format);
  if (!found) throw new Error(`there is no ${format}`);
  return found;
}

async function rot({ key, objects }: CorpusBackup): Promise<void> {
  const bytes = Buffer.from(objects.get(key) as Buffer);
  bytes[bytes.length - 9] = (bytes.at(-9) ?? 0) ^ 4;
  await vault.rot(key, bytes);
}

describe('nightproof verify', () => {
  it('reads every backup, and ends with 0 where all are intact', async () => {
    const { code, output } = await parsed(['--all']);
    expect(code).toBe(0);
    expect(output).toMatchObject({ intact: corpus.backups.length, damaged: 0, unread: 0 });
    const { key, manifest } = backupOf('tree gzip');
    expect(output.backups.find((one) => one.key === key)).toMatchObject({ bytes: manifest.receipt.bytes, decoded: true });
    const sealed = output.backups.filter((one) => one.key.endsWith('.age'));
    expect(sealed.map(({ decoded }) => decoded)).toEqual([false, false, false]);
    expect(vault.keys().filter((one) => one.endsWith('.damaged.json'))).toEqual([]);
  });

  it('names what is damaged, writes it down, and ends with 1', async () => {
    const rotten = backupOf('tree gzip');
    await rot(rotten);
    const { code, stdout } = await verify(['--source', 'media']);
    expect(code).toBe(1);
    expect(stdout).toMatch(/3 backups read: 2 intact, 1 damaged, 0 that could not be read\./);
    expect(stdout).toContain('It is on record now');
    expect(await vault.readJson(damagedKey(rotten.key), DamageRecord)).toMatchObject({ key: rotten.key, foundBy: 'verify' });

    // it is read again where it is named, and not among all
    expect((await parsed([rotten.key])).output.backups).toMatchObject([{ result: 'damaged', recorded: 'exists' }]);
    expect((await parsed(['--source', 'media'])).output.backups).toHaveLength(2);
  });

  it('says so where it may not write it down', async () => {
    const rotten = backupOf('tree gzip');
    await rot(rotten);
    vault.failing('putOnce', '.damaged.json', 2);
    expect((await parsed([rotten.key])).output.backups).toMatchObject([{ recorded: 'refused' }]);
    const { stdout } = await verify([rotten.key]);
    expect(stdout).toContain('goes on counting as good');
  });

  it('ends with 3 where something could not be read, and calls nothing damaged', async () => {
    const { key } = backupOf('globals, encrypted');
    vault.failing('readJson', 'try-001.json', 99);
    const { code, stdout } = await verify([key]);
    expect(code).toBe(3);
    expect(stdout).toMatch(/NOT READ[\s\S]*storage: readJson/);
  });

  it('takes the same share all month, and all shares together are all', async () => {
    const { output } = await parsed(['--sample', '50%']);
    expect(output.backups.length).toBeGreaterThan(0);
    expect(output.backups.length).toBeLessThan(corpus.backups.length);
    expect((await parsed(['--sample', '100%'])).output.backups).toHaveLength(corpus.backups.length);
  });

  it('shows how far it is, on one line', async () => {
    const { stderr } = await verify(['--source', 'media'], { columns: 120 });
    expect(stderr).toMatch(/3\/3 {2}[\d.]+ KiB of [\d.]+ KiB/);
  });

  it('ends when it is interrupted', async () => {
    expect(await verify(['--all'], { interrupt: AbortSignal.abort() })).toMatchObject({ code: 130 });
  });

  it.each([
    [[], 'no backup was named'],
    [['--all', '--sample', '5%'], 'given together'],
    [['daily/app_20260419_020000.dump', '--source', 'app'], 'given together'],
    [['--sample', '5'], 'no share'],
    [['notes.txt'], 'is not the key of a backup'],
  ])('refuses %j', async (args, why) => {
    const { code, stderr } = await verify(args);
    expect(code).toBe(2);
    expect(stderr).toContain(why);
  });

  it('ends with 1 where there is no such backup at all', async () => {
    expect(await verify(['--source', 'nobody'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('no verified backup of nobody'),
    });
  });
});
