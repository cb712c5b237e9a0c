import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { S3Client } from '@aws-sdk/client-s3';
import { awsEnvironment, type Endpoints } from '../../lib/local/cloud/endpoints.ts';
import type { PostgresServer } from '../../lib/local/servers/postgres-server.ts';
import { findPrograms } from '../../lib/local/setup/find-program.ts';
import type { Machine } from '../../lib/local/setup/machine.ts';
import { ask } from '../../lib/local/setup/run-step.ts';
import { S3Vault } from '../../lib/runtime/s3-vault.ts';
import { measure } from './measured-process.ts';

/** What the dump is measured against: commands that people run by hand or from cron. */
export interface ByHand {
  readonly server: PostgresServer;
  readonly database: string;
  readonly s3: S3Client;
  readonly bucket: string;
  readonly endpoints: Endpoints;
  /** Where a dump lies until it is uploaded. */
  readonly folder: string;
}

/** The AWS CLI of the machine, if there is one that works. */
export async function findAwsCli({ searchPath }: Machine): Promise<string | undefined> {
  for (const program of findPrograms('aws', searchPath)) if ((await ask(program, ['--version'])).ok) return program;
  return undefined;
}

/** Seconds of `pg_dump -Fc` to /dev/null: no decoding, no checksum, no upload. */
export async function dumpToNowhere({ server, database }: ByHand, compression: string): Promise<number> {
  const { seconds } = await pgDump(server, [
    '--format=custom',
    `--compress=${compression.replace('gzip:', '')}`,
    `--dbname=${database}`,
  ]);
  return seconds;
}

/** Seconds of `pg_dump -Fc -Z9` to a file, then `aws s3 cp`. */
export async function dumpThenCopy(place: ByHand, awsCli: string): Promise<number> {
  const { server, database, s3, bucket, endpoints, folder } = place;
  const file = join(folder, 'by-hand.dump');
  try {
    const dumped = await pgDump(server, ['--format=custom', '--compress=9', `--file=${file}`, `--dbname=${database}`]);
    const copied = await measure(awsCli, ['s3', 'cp', '--only-show-errors', file, `s3://${bucket}/by-hand.dump`], {
      env: { ...withoutAws(process.env), ...awsEnvironment(endpoints), ...NO_AWS_FILES },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    return dumped.seconds + copied.seconds;
  } finally {
    rmSync(file, { force: true });
    await new S3Vault(s3, bucket).remove(['by-hand.dump']);
  }
}

function pgDump(server: PostgresServer, args: readonly string[]): ReturnType<typeof measure> {
  const { host, port, user, password, install } = server;
  const env = { PGHOST: host, PGPORT: String(port), PGUSER: user, PGPASSWORD: password, LC_ALL: 'C' };
  return measure(join(install.binDir, 'pg_dump'), args, { env, stdio: ['ignore', 'ignore', 'inherit'] });
}

/** The user's own settings must not slow it down or send it elsewhere. */
const NO_AWS_FILES = {
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  AWS_EC2_METADATA_DISABLED: 'true',
};

const withoutAws = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('AWS_')));
