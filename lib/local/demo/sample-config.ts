import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DatabaseLogin, writeNightConfig } from './night-config.ts';
import { SAMPLE_DATABASES } from './sample-databases.ts';
import { SAMPLE_DATED, SAMPLE_TREE, SAMPLE_VOLUME } from './sample-files.ts';

/** Ids as EFS gives them; the local cloud puts a folder in place of the file system. */
const EFS = { fileSystemId: 'fs-0d3a0d3a0d3a0d3a0', accessPointId: 'fsap-0d3a0d3a0d3a0d3a0' };

/** Writes the configuration of the demo: its databases, its tree and its dated folders. Returns its path. */
export function writeSampleConfig(dir: string, login: DatabaseLogin): string {
  writeFileSync(join(dir, 'volumes.json'), JSON.stringify({ [SAMPLE_VOLUME]: SAMPLE_VOLUME }));
  const { id, folder, leftOut } = SAMPLE_TREE;
  const sources = [
    ...SAMPLE_DATABASES.map(({ name }) => ({ id: name, database: name })),
    { id, kind: 'files', volume: SAMPLE_VOLUME, folder, exclude: [leftOut] },
    // made a moment ago; a real export gets the hour that is the default
    { id: SAMPLE_DATED.id, kind: 'datedFolders', volume: SAMPLE_VOLUME, folder: SAMPLE_DATED.folder, settled: '1s' },
  ];
  return writeNightConfig(dir, login, 'disable', sources, { volumes: { [SAMPLE_VOLUME]: EFS } });
}
