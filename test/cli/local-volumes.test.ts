import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { readLocalVolumes } from '../../lib/cli/place/local-volumes.ts';
import { scratchFolder } from '../support/scratch-folder.ts';

const VOLUMES = { media: { fileSystemId: 'fs-0123456789abcdef0', accessPointId: 'fsap-0123456789abcdef0' } };

describe('the folders that stand for volumes', () => {
  let dir: string;
  const write = (content: unknown): void => writeFileSync(join(dir, 'volumes.json'), JSON.stringify(content));
  const read = () => readLocalVolumes(dir, ['media'], VOLUMES);

  beforeEach(() => {
    dir = scratchFolder();
    mkdirSync(join(dir, 'files'));
  });

  it('are named by the file system, and found from the folder of the cloud', () => {
    write({ media: 'files', other: '/nowhere' });
    expect(read()).toEqual({ 'fs-0123456789abcdef0': join(dir, 'files') });
  });

  it('are not asked for where none is needed', () => {
    expect(readLocalVolumes(dir, [], VOLUMES)).toEqual({});
  });

  it('are asked for with the file to write', () => {
    expect(read).toThrow(/volumes\.json is missing/);
    write({});
    expect(read).toThrow(/has no volume media/);
    write({ media: 'none' });
    expect(read).toThrow(/none is no folder/);
    write(['media']);
    expect(read).toThrow(/is not a JSON object of folders by volume/);
  });
});
