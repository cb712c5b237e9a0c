import { resolve } from 'node:path';
import { Command, CommanderError } from 'commander';

export interface DemoOptions {
  /** The user's own database; without it the demo makes three of its own. */
  readonly databaseUrl?: URL;
  /** Where the local cloud and its vault stay; without it they go with the demo. */
  readonly vault?: string;
}

/** A wrong use of the demo; the message says what would be right. */
export class DemoUsageError extends Error {}

/** Reads the demo's arguments; undefined where only help was asked for, which is then printed. */
export function readDemoOptions(argv: readonly string[]): DemoOptions | undefined {
  const command = new Command('npm run demo --')
    .description('One whole night on this machine, through the synthesized state machine, functions and task.')
    .option('--database-url <url>', 'back up your own database: postgresql://user:password@host:5432/database')
    .option('--vault <folder>', 'keep the backups there (and show them later with: npm run nightproof -- list --local <folder>)')
    .allowExcessArguments(false)
    .exitOverride();
  try {
    command.parse([...argv], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return undefined;
    throw new DemoUsageError('See npm run demo -- --help', { cause: error });
  }
  const { databaseUrl, vault } = command.opts<{ databaseUrl?: string; vault?: string }>();
  return {
    ...(databaseUrl !== undefined && { databaseUrl: postgresUrl(databaseUrl) }),
    ...(vault !== undefined && { vault: resolve(vault) }),
  };
}

/** Nothing of a wrong URL is repeated: it may hold a password. */
function postgresUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const named =
    url !== undefined && ['postgresql:', 'postgres:'].includes(url.protocol) && url.hostname !== '' && url.pathname.length > 1;
  if (named && url.username !== '') return url;
  throw new DemoUsageError('--database-url must be postgresql://user:password@host:5432/database');
}
