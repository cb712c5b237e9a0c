import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { Decrypter, generateIdentity, identityToRecipient } from 'age-encryption';
import { parse, stringify } from 'yaml';
import { type Run, runRecordKey } from '../../lib/domain/backup/keys.ts';
import type { Config } from '../../lib/domain/config/config.ts';
import { readConfig } from '../../lib/domain/config/config-file.ts';
import type { ExecutionInput } from '../../lib/domain/run/plan.ts';
import { RunRecord } from '../../lib/domain/run/run-record.ts';
import { connectionOf } from '../../lib/domain/source/source.ts';
import type { Execution } from '../../lib/local/cloud/execution.ts';
import type { Json } from '../../lib/local/cloud/json.ts';
import { DatabaseRig } from './database-rig.ts';
import { type Example, exampleFile } from './example-docs.ts';
import { NightRig } from './night-rig.ts';

/** What one of the five systems holds, in small. */
export interface ExampleFixture {
  /** Databases by name, each with the script that fills it. */
  readonly databases: Readonly<Record<string, string>>;
  /** Files by path, for each volume that the configuration names. */
  readonly volumes?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

const PASSWORD = 'only-for-this-test';

/**
 * One of docs/examples in the local cloud, beside a server and folders that look like its system. The server is logged in to as
 * docs advise, with a role that can only read.
 *
 * The file is deployed as it stands but for three things: no TLS (the server here has no certificate of a known authority),
 * `settled` of dated folders (a second instead of an hour), and recipients, whose identity the test has.
 */
export class ExampleRig {
  readonly rig: NightRig;
  readonly server: DatabaseRig;
  readonly config: Config;
  readonly #folder: string;
  readonly #identity: string;

  private constructor(rig: NightRig, server: DatabaseRig, made: { config: Config; folder: string; identity: string }) {
    this.rig = rig;
    this.server = server;
    this.config = made.config;
    this.#folder = made.folder;
    this.#identity = made.identity;
  }

  static async start(example: Example, { databases, volumes = {} }: ExampleFixture): Promise<ExampleRig> {
    const text = readFileSync(exampleFile(example), 'utf8');
    const config = readConfig(text, exampleFile(example));
    const identity = await generateIdentity();
    const folder = mkdtempSync(join(tmpdir(), `nightproof-${example}-`));
    for (const [volume, files] of Object.entries(volumes))
      for (const [path, content] of Object.entries(files)) put(join(folder, volume, path), content);

    const server = await DatabaseRig.start();
    try {
      await server.sql('postgres', `CREATE ROLE backup LOGIN BYPASSRLS PASSWORD '${PASSWORD}'; GRANT pg_read_all_data TO backup`);
      for (const [name, script] of Object.entries(databases)) await server.database(name, script);
      const rig = await NightRig.of(here(text, await identityToRecipient(identity)), {
        secrets: secretsOf(config, server.secret({ username: 'backup', password: PASSWORD })),
        cloud: {
          volumes: Object.fromEntries(
            Object.entries(config.volumes).map(([name, { fileSystemId }]) => [fileSystemId, join(folder, name)]),
          ),
        },
      });
      return new ExampleRig(rig, server, { config, folder, identity });
    } catch (error) {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** Puts a file on a volume. */
  put(volume: string, path: string, content: string): void {
    put(join(this.#folder, volume, path), content);
  }

  /** Takes a file away. */
  remove(volume: string, path: string): void {
    rmSync(join(this.#folder, volume, path));
  }

  /** Runs an execution to its end. `meanwhile` is called when it has looked around, and begins to back up. */
  async night(input: ExecutionInput, meanwhile?: () => void): Promise<Execution> {
    const execution = this.rig.cloud.startExecution(input as unknown as Json);
    execution.on('event', (event) => {
      if (event.type === 'StateEntered' && event.state === 'Jobs') meanwhile?.();
    });
    return execution.ended;
  }

  /** What a run complained of. Its report says too that nothing was copied off-site: on this machine nothing is, and that is left out. */
  async complaints(run: Run): Promise<string[]> {
    const { sources, retention, sweep, offsite, failure } = await this.rig.read(runRecordKey({ ...run, attempt: 1 }), RunRecord);
    return [
      ...sources.flatMap((source) => (source.status === 'failed' ? [`${source.sourceId} failed`] : source.warnings)),
      ...(retention.result === 'done' ? retention.warnings : [`retention: ${retention.result}`]),
      ...(sweep?.warnings ?? []),
      ...(offsite?.warnings ?? []).filter((warning) => !warning.startsWith('off-site: S3 was never told to copy')),
      ...(failure ? [failure.detail] : []),
    ];
  }

  /**
   * All keys of the vault but those of `runs/`, in order. The name of a list of members holds the hash of what it lists; where it
   * is that of the list itself, it is written as in the documents.
   */
  async keys(): Promise<string[]> {
    const keys = (await this.rig.keys()).filter((key) => !key.startsWith('runs/'));
    return keys.map((key) => {
      const sha256 = createHash('sha256')
        .update(readFileSync(this.rig.file(key)))
        .digest('hex');
      return key.replace(`.members-${sha256.slice(0, 16)}.`, '.members-<sha256>.');
    });
  }

  /** What the plain tool of a format shows of an artifact: the table of contents, the members, the script; after age, if need be. */
  async opened(key: string): Promise<string[]> {
    const file = await this.decrypted(key);
    const plain = key.replace(/\.age$/, '');
    if (plain.endsWith('.dump')) return lines(await this.server.program('pg_restore', ['--list', file]));
    if (plain.endsWith('.sql')) return lines(readFileSync(file, 'utf8'));
    return lines((await promisify(execFile)('tar', ['-tzf', file])).stdout).sort();
  }

  /** The lines of an object as it is stored. */
  stored(key: string): string[] {
    return lines(readFileSync(this.rig.file(key), 'latin1'));
  }

  /** A file with what was encrypted; of anything else, the object itself. */
  private async decrypted(key: string): Promise<string> {
    const object = this.rig.file(key);
    if (!key.endsWith('.age')) return object;
    const decrypter = new Decrypter();
    decrypter.addIdentity(this.#identity);
    const file = join(this.#folder, 'decrypted');
    writeFileSync(file, await decrypter.decrypt(readFileSync(object)));
    return file;
  }

  async stop(): Promise<void> {
    await this.rig.stop();
    await this.server.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function put(file: string, content: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
}

const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '');

const secretsOf = ({ sources }: Config, text: string): Record<string, string> =>
  Object.fromEntries(sources.flatMap((source) => connectionOf(source)?.secret ?? []).map((name) => [name, text]));

/** An example as it can be run on this machine. */
function here(text: string, recipient: string): string {
  const file = parse(text) as {
    connections: Record<string, { sslMode?: string }>;
    sources: { kind?: string; settled?: string }[];
    encryption?: { recipients: string[] };
  };
  for (const connection of Object.values(file.connections)) connection.sslMode = 'disable';
  for (const source of file.sources) if (source.kind === 'datedFolders') source.settled = '1s';
  if (file.encryption) file.encryption.recipients = [recipient];
  return stringify(file);
}
