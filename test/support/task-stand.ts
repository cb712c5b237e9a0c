import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { ListObjectVersionsCommand } from '@aws-sdk/client-s3';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { artifactKeyOf } from '../../lib/domain/source/artifact-of.ts';
import type { Source } from '../../lib/domain/source/source.ts';
import { type MotoServer, startMoto } from '../../lib/local/servers/moto-server.ts';
import { DatabaseRig } from './database-rig.ts';
import { clientPath, SLOT, type TaskTraces, tracesOf, writePlan } from './dump-rig.ts';
import { toolchain } from './toolchain.ts';
import { VaultRig } from './vault-rig.ts';

const MAIN = fileURLToPath(new URL('../../tasks/dump/main.ts', import.meta.url));
const PROGRAM = fileURLToPath(new URL('./dump-program.ts', import.meta.url));

/** How a task process ended, and all that it wrote. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
}

/** What the dump task needs around it when it runs as a process of its own: a store, a server, secrets, and a folder for temp files. */
export class TaskStand {
  readonly store: VaultRig;
  readonly server: DatabaseRig;
  readonly #moto: MotoServer;
  readonly #secrets: SecretsManagerClient;
  readonly #temp = mkdtempSync(join(tmpdir(), 'nightproof-test-'));

  private constructor(store: VaultRig, server: DatabaseRig, moto: MotoServer) {
    this.store = store;
    this.server = server;
    this.#moto = moto;
    const { region, accessKeyId, secretAccessKey } = store.server;
    this.#secrets = new SecretsManagerClient({
      endpoint: moto.endpoint,
      region,
      credentials: { accessKeyId, secretAccessKey },
    });
  }

  static async start(): Promise<TaskStand> {
    const moto = async () => startMoto((await toolchain()).moto);
    return new TaskStand(...(await Promise.all([VaultRig.start(), DatabaseRig.start(), moto()])));
  }

  async secret(name: string, text: string): Promise<void> {
    await this.#secrets.send(new CreateSecretCommand({ Name: name, SecretString: text }));
  }

  /**
   * Runs the task with nothing but the environment that the template gives it; in a scene, see dump-program.ts. `seen` is called
   * with the output so far.
   */
  async run(
    source: Source,
    { scene, volume, seen }: { scene?: string; volume?: string; seen?: (output: string, pid: number) => void } = {},
  ): Promise<Ended> {
    const child = spawn(process.execPath, scene ? [PROGRAM, scene] : [MAIN], {
      env: {
        ...this.store.env,
        AWS_ENDPOINT_URL: this.#moto.endpoint,
        VAULT_BUCKET: this.store.bucket,
        PLAN_KEY: await writePlan(this.store, source),
        SOURCE_ID: source.id,
        ...(volume && { VOLUME_FOLDER: volume }),
        PATH: `${await clientPath()}:/usr/bin:/bin`,
        TMPDIR: this.#temp,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    child.stdout.on('data', (piece: Buffer) => {
      output += piece.toString();
      seen?.(output, child.pid ?? 0);
    });
    const ended = new Promise<[number | null, NodeJS.Signals | null]>((resolve) =>
      child.once('exit', (code, signal) => resolve([code, signal])),
    );
    const [errors, [code, signal]] = await Promise.all([text(child.stderr), ended]);
    return { code, signal, output: output + errors };
  }

  traces(source: Source): Promise<Omit<TaskTraces, 'exitCode'>> {
    return tracesOf(this.store, source);
  }

  /** Versions of all objects of a source: two where something was written twice. */
  async versions(source: Source): Promise<number> {
    const Prefix = artifactKeyOf(source, SLOT);
    const { Versions } = await this.store.s3.send(new ListObjectVersionsCommand({ Bucket: this.store.bucket, Prefix }));
    return Versions?.length ?? 0;
  }

  /** What the task has left in its folder for temp files. */
  tempFiles(): readonly string[] {
    return readdirSync(this.#temp);
  }

  async stop(): Promise<void> {
    this.#secrets.destroy();
    await Promise.all([this.store.stop(), this.server.stop(), this.#moto.stop()]);
    rmSync(this.#temp, { recursive: true, force: true });
  }
}

/** The lines that a task logged. */
export const logged = (output: string): Record<string, unknown>[] =>
  output
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>);

export const messages = (output: string): unknown[] => logged(output).map(({ message }) => message);
