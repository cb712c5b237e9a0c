import { existsSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import type { Config } from '../../domain/config/config.ts';
import { CliError } from '../terminal/cli-error.ts';
import { EXIT } from '../terminal/exit-codes.ts';

/** Folder by the id of the file system that it stands for. */
export type LocalVolumes = Readonly<Record<string, string>>;

const VolumesFile = z.record(z.string().min(1), z.string().min(1));

const EXAMPLE = '"/path/of/a/folder"';

/**
 * Reads which folders stand for these volumes: `DIR/volumes.json`, name of the volume → folder, a relative
 * one from DIR. An EFS volume cannot be mounted on this machine.
 */
export function readLocalVolumes(dir: string, wanted: readonly string[], volumes: Config['volumes']): LocalVolumes {
  if (wanted.length === 0) return {};
  const file = join(dir, 'volumes.json');
  const lines = wanted.map((name) => `${JSON.stringify(name)}: ${EXAMPLE}`).join(', ');
  if (!existsSync(file))
    throw new CliError(
      EXIT.usage,
      `${file} is missing; the local cloud takes folders for the volumes from it`,
      `Write it: {${lines}}`,
    );

  const folders = parse(file);
  return Object.fromEntries(
    wanted.map((name) => {
      const folder = Object.hasOwn(folders, name) ? folders[name] : undefined;
      if (folder === undefined)
        throw new CliError(EXIT.usage, `${file} has no volume ${name}`, `Add: ${JSON.stringify(name)}: ${EXAMPLE}`);
      const path = resolve(dir, folder);
      if (!existsSync(path) || !statSync(path).isDirectory())
        throw new CliError(EXIT.usage, `${file}: ${path} is no folder`, `Make it, or correct the folder of ${name}`);
      return [volumes[name]?.fileSystemId ?? name, path];
    }),
  );
}

function parse(file: string): Readonly<Record<string, string>> {
  try {
    return VolumesFile.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    throw new CliError(EXIT.usage, `${file} is not a JSON object of folders by volume`, `Write it as {"name": ${EXAMPLE}}`);
  }
}
