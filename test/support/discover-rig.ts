import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { type Attempt, foundKey, planKey } from '../../lib/domain/backup/keys.ts';
import type { TryRecord } from '../../lib/domain/backup/receipt.ts';
import { GroupFindings } from '../../lib/domain/source/found.ts';
import type { SourceGroup } from '../../lib/domain/source/source.ts';
import { type MotoServer, startMoto } from '../../lib/local/servers/moto-server.ts';
import { readTries } from '../../lib/runtime/run-documents.ts';
import { planOf, SUNDAY } from './night.ts';
import { toolchain } from './toolchain.ts';
import { VaultRig } from './vault-rig.ts';

const MAIN = fileURLToPath(new URL('../../tasks/discover/main.ts', import.meta.url));
const SEAMS = fileURLToPath(new URL('./discover-seams.ts', import.meta.url));

export interface DiscoverOptions {
  /** @default - the first attempt at `SUNDAY` */
  readonly run?: Attempt;
  /** Stands for the mounted volume. */
  readonly volumeFolder?: string;
  /** What discover-seams.ts is told. */
  readonly seams?: Readonly<Record<string, string>>;
  /** Called as soon as there is a process. */
  readonly started?: (pid: number) => void;
}

/** What the program left behind. */
export interface Discovered {
  readonly exitCode: number | null;
  /** Both streams. */
  readonly output: string;
  readonly findings: GroupFindings | undefined;
  /** Of the group in this slot, the oldest first. */
  readonly tries: readonly TryRecord[];
}

const FIRST: Attempt = { slot: SUNDAY, attempt: 1 };

/** The discover program as a process over a real store, with a plan that has one group. */
export class DiscoverRig {
  readonly store: VaultRig;
  readonly #moto: MotoServer;

  private constructor(store: VaultRig, moto: MotoServer) {
    this.store = store;
    this.#moto = moto;
  }

  static async start(): Promise<DiscoverRig> {
    const { moto } = await toolchain();
    const [store, started] = await Promise.all([VaultRig.start(), startMoto(moto)]);
    return new DiscoverRig(store, started);
  }

  async secret(Name: string, SecretString: string): Promise<void> {
    const { region, accessKeyId, secretAccessKey } = this.store.server;
    const credentials = { accessKeyId, secretAccessKey };
    const secrets = new SecretsManagerClient({ endpoint: this.#moto.endpoint, region, credentials });
    await secrets.send(new CreateSecretCommand({ Name, SecretString }));
    secrets.destroy();
  }

  /** Runs the program with nothing but the environment that the template gives it. */
  async discover(group: SourceGroup, options: DiscoverOptions = {}): Promise<Discovered> {
    const { run = FIRST, volumeFolder, seams = {}, started } = options;
    const child = spawn(process.execPath, ['--import', SEAMS, MAIN], {
      env: {
        ...this.store.env,
        AWS_ENDPOINT_URL: this.#moto.endpoint,
        VAULT_BUCKET: this.store.bucket,
        PLAN_KEY: await this.#plan(group, run),
        SOURCE_ID: group.id,
        ...(volumeFolder !== undefined && { VOLUME_FOLDER: volumeFolder }),
        ...seams,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
    started?.(child.pid ?? 0);
    const [told, errors, exitCode] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
    const tries = (await readTries(this.store.vault, run.slot, group.id)).map(({ record }) => record).reverse();
    return { exitCode, output: told + errors, findings: await this.findings(group, run), tries };
  }

  findings({ id }: SourceGroup, run: Attempt = FIRST): Promise<GroupFindings | undefined> {
    return this.store.vault.readJson(foundKey(run, id), GroupFindings);
  }

  /** In place of whichever plan another test has put there. */
  async #plan(group: SourceGroup, run: Attempt): Promise<string> {
    const Key = planKey(run);
    const Body = JSON.stringify(planOf([group], run));
    await this.store.s3.send(new PutObjectCommand({ Bucket: this.store.bucket, Key, Body }));
    return Key;
  }

  async stop(): Promise<void> {
    await Promise.all([this.store.stop(), this.#moto.stop()]);
  }
}
