import type { Config } from '../../domain/config/config.ts';
import { readRequest } from '../../domain/run/plan-night.ts';
import { volumeOf } from '../../domain/source/source.ts';
import { CliError } from '../terminal/cli-error.ts';
import { EXIT } from '../terminal/exit-codes.ts';
import type { Purpose } from './backend.ts';
import { secretsIn } from './needed-secrets.ts';

export type StartPurpose = Exclude<Purpose, { does: 'read' | 'download' }>;

/** What a local cloud has to be given by name. */
export interface LocalNeeds {
  readonly secrets: readonly string[];
  readonly volumes: readonly string[];
}

/** The secrets and volumes that an execution will ask for. Throws where it would be refused, before anything is started. */
export function neededFor(purpose: StartPurpose, config: Config, now: Date): LocalNeeds {
  switch (purpose.does) {
    case 'run': {
      const { sources } = readRequest(purpose.input, config, now);
      return { secrets: secretsIn(sources), volumes: [...new Set(sources.flatMap((source) => volumeOf(source) ?? []))] };
    }
    case 'restore':
      return ofTarget(purpose.target, config);
    case 'drill':
    case 'patrol':
      // both read the vault alone
      return { secrets: [], volumes: [] };
  }
}

function ofTarget(name: string, { restore }: Config): LocalNeeds {
  const target = Object.hasOwn(restore.targets, name) ? restore.targets[name] : undefined;
  if (!target)
    throw new CliError(
      EXIT.usage,
      `the configuration has no restore target ${JSON.stringify(name)}`,
      `There are: ${Object.keys(restore.targets).join(', ') || 'none; write one under restore.targets'}`,
    );
  return {
    secrets: [target.connection?.secret, restore.identity].flatMap((secret) => secret ?? []),
    volumes: target.volume === undefined ? [] : [target.volume],
  };
}
