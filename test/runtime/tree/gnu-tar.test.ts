import { chmodSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { findGnuTar } from '../../../lib/runtime/tree/gnu-tar.ts';
import { scratchFolder } from '../../support/scratch-folder.ts';
import { stubProgram } from '../../support/stub-program.ts';
import { systemTar } from '../../support/tree-rig.ts';

const BSDTAR = 'echo "bsdtar 3.5.3 - libarchive 3.7.4 zlib/1.2.12"';
const gnu = (version: string) => `echo "tar (GNU tar) ${version}"`;
const noTar = (message: string) => expect.objectContaining({ reason: 'no-tar', message });

it('finds the GNU tar of this machine and its version', async () => {
  const { program, version } = await systemTar();
  expect(program).toMatch(/^\/.*tar$/);
  expect(version).toMatch(/^1\.\d+/);
});

it('passes over the tar of macOS to the one that Homebrew puts beside it', async () => {
  const [mac, brew] = [scratchFolder(), scratchFolder()];
  stubProgram(mac, 'tar', BSDTAR);
  stubProgram(brew, 'gtar', gnu('1.35'));
  expect(await findGnuTar(`${mac}:${brew}`)).toEqual({ program: join(brew, 'gtar'), version: '1.35' });
});

it('takes the first that is new enough', async () => {
  const [old, young, other] = [scratchFolder(), scratchFolder(), scratchFolder()];
  stubProgram(old, 'tar', gnu('1.28'));
  stubProgram(young, 'tar', gnu('1.29'));
  stubProgram(other, 'tar', gnu('1.35'));
  expect(await findGnuTar(`relative:${old}:${young}:${other}`)).toMatchObject({ program: join(young, 'tar') });
  expect(await findGnuTar(other)).toMatchObject({ version: '1.35' });
});

it('says what there is where it is no GNU tar, or too old', async () => {
  const [mac, old, broken] = [scratchFolder(), scratchFolder(), scratchFolder()];
  stubProgram(mac, 'tar', BSDTAR);
  stubProgram(old, 'tar', gnu('1.28'));
  writeFileSync(join(broken, 'tar'), 'no program');
  symlinkSync('nowhere', join(broken, 'gtar'));
  await expect(findGnuTar(mac)).rejects.toThrow(noTar(`only ${mac}/tar (not GNU tar)`));
  await expect(findGnuTar(`${mac}:${old}`)).rejects.toThrow(noTar(`only ${mac}/tar (not GNU tar), ${old}/tar (GNU tar 1.28)`));
  await expect(findGnuTar(broken)).rejects.toThrow(noTar('there is no tar on the PATH'));
  chmodSync(join(broken, 'tar'), 0o755);
  await expect(findGnuTar(broken)).rejects.toThrow(noTar(`only ${broken}/tar (not GNU tar)`));
  await expect(findGnuTar('')).rejects.toThrow(noTar('there is no tar on the PATH'));
});
