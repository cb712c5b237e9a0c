import { existsSync } from 'node:fs';
import type { Manifest } from '../../domain/backup/manifest.ts';
import type { Config } from '../../domain/config/config.ts';
import { type RestoreTarget, TargetName } from '../../domain/restore/restore-target.ts';
import type { Place } from '../place/backend.ts';
import { readConfigFile } from '../place/read-config-file.ts';
import { quoted } from '../run/run-input.ts';
import { CliError } from '../terminal/cli-error.ts';
import { EXIT } from '../terminal/exit-codes.ts';

const DEFAULT_CONFIG = 'nightproof.yaml';

/** The file that the local cloud is made of. */
export const configFile = (given: string | undefined): string => given ?? DEFAULT_CONFIG;

/**
 * The configuration at hand. AWS has the one that was deployed, so that there one that is missing or half written must not keep
 * anybody from restoring.
 */
export function knownConfig({ local }: Place, given: string | undefined): Config | undefined {
  if (given !== undefined || local !== undefined) return readConfigFile(configFile(given));
  if (!existsSync(DEFAULT_CONFIG)) return undefined;
  try {
    return readConfigFile(DEFAULT_CONFIG);
  } catch {
    return undefined;
  }
}

export interface ChosenTarget {
  readonly name: string;
  /** Absent where the configuration at hand does not know it. */
  readonly target?: RestoreTarget;
}

/** Where these backups go: as it was said, else the only target that takes them. */
export function chooseTarget(
  manifests: readonly Manifest[],
  given: string | undefined,
  config: Config | undefined,
): ChosenTarget {
  const targets = config?.restore.targets ?? {};
  if (given !== undefined) {
    if (!TargetName.safeParse(given).success) throw noName(given, Object.keys(targets));
    const target = Object.hasOwn(targets, given) ? targets[given] : undefined;
    return { name: given, ...(target && { target }) };
  }
  const fitting = Object.entries(targets).filter(([, target]) => manifests.every((manifest) => takes(target, manifest)));
  const [only] = fitting;
  if (only && fitting.length === 1) return { name: only[0], target: only[1] };
  throw new CliError(EXIT.usage, 'it has to be said where to restore: --target', remedyFor(fitting, manifests, config));
}

const needsVolume = ({ kind }: Manifest): boolean => kind !== 'database' && kind !== 'globals';

const takes = (target: RestoreTarget, manifest: Manifest): boolean =>
  needsVolume(manifest) ? target.volume !== undefined : target.connection !== undefined;

const noName = (given: string, known: readonly string[]): CliError =>
  new CliError(
    EXIT.usage,
    `${quoted(given)} is no name of a target`,
    `Targets are the names under connections and restore.targets in nightproof.yaml${known.length > 0 ? `: ${known.join(', ')}` : ''}.`,
  );

function remedyFor(
  fitting: readonly (readonly [string, RestoreTarget])[],
  manifests: readonly Manifest[],
  config: Config | undefined,
): string {
  if (fitting.length > 0) return `Name one of: ${fitting.map(([name]) => name).join(', ')}`;
  if (!config) return 'Name a connection of nightproof.yaml, or a name under its restore.targets.';
  return manifests.some(needsVolume)
    ? 'No target of the configuration has a volume: write one under restore.targets, or unpack the tree here with --to <dir>.'
    : 'No target of the configuration has a connection: write one under connections, or under restore.targets.';
}
