import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { manifestKey } from '../../lib/domain/backup/keys.ts';
import type { Manifest } from '../../lib/domain/backup/manifest.ts';
import { DrillEvidence } from '../../lib/domain/drill/evidence.ts';
import type { DumpedDatabase } from './drill-rig.ts';
import { clientPath } from './dump-rig.ts';
import { manifestOf, SUNDAY } from './night.ts';
import type { Ended } from './task-stand.ts';
import { VaultRig } from './vault-rig.ts';

const MAIN = fileURLToPath(new URL('../../tasks/drill/main.ts', import.meta.url));
const STORAGE_BYTES = 20 * 1024 ** 3;

/** What of a drill's surroundings a test changes. */
export interface StandOptions {
  readonly probes?: readonly string[];
  readonly storageBytes?: number;
  readonly evidence?: string;
  /** Changes the addresses that the task is given. */
  readonly addresses?: (given: Readonly<Record<string, string>>) => Readonly<Record<string, string>>;
  /** Called with the output so far. */
  readonly seen?: (output: string, task: ChildProcess) => void;
}

/** What the drill task needs around it when it runs as a process of its own: a vault, addresses into it, and a folder for temp files. */
export class DrillStand {
  readonly store: VaultRig;
  readonly #signing: S3Client;
  readonly #temp: string;

  private constructor(store: VaultRig, temp: string) {
    this.store = store;
    // as the planning step signs them: no checksum of a body that is not there yet
    this.#signing = store.client(undefined, { requestChecksumCalculation: 'WHEN_REQUIRED' });
    this.#temp = temp;
  }

  static async start(folder: string): Promise<DrillStand> {
    const temp = join(folder, 'tmp');
    mkdirSync(temp, { mode: 0o755 });
    return new DrillStand(await VaultRig.start(), temp);
  }

  /** Puts a backup into the vault under a key of its own; `mend` can falsify its manifest. */
  async put(
    { archive, receipt, database }: DumpedDatabase,
    mend: (manifest: Manifest) => unknown = (same) => same,
  ): Promise<string> {
    const sourceId = `shop_${randomUUID().slice(0, 8)}`;
    const { key, verification, ...manifest } = manifestOf(sourceId, SUNDAY, archive);
    const document: Manifest = { ...manifest, key, verification, database, receipt: { ...receipt, sourceId, key } };
    await this.#write(key, archive);
    await this.#write(manifestKey(key), JSON.stringify(mend(document)));
    return key;
  }

  /** Runs the task with nothing but the environment that the template gives it. */
  async run(key: string, options: StandOptions = {}): Promise<Ended> {
    const {
      probes = [],
      storageBytes = STORAGE_BYTES,
      evidence = `${key}.evidence.json`,
      addresses = (same) => same,
      seen,
    } = options;
    const given = {
      ARCHIVE_URL: await getSignedUrl(this.#signing, new GetObjectCommand({ Bucket: this.store.bucket, Key: key })),
      MANIFEST_URL: await getSignedUrl(this.#signing, new GetObjectCommand({ Bucket: this.store.bucket, Key: manifestKey(key) })),
      EVIDENCE_URL: await getSignedUrl(
        this.#signing,
        new PutObjectCommand({ Bucket: this.store.bucket, Key: evidence, IfNoneMatch: '*' }),
      ),
    };
    const task = spawn(process.execPath, [MAIN], {
      env: {
        ...addresses(given),
        PROBES: JSON.stringify(probes),
        STORAGE_BYTES: String(storageBytes),
        PATH: `${await clientPath()}:/usr/bin:/bin`,
        TMPDIR: this.#temp,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    task.stdout.on('data', (piece: Buffer) => {
      output += piece.toString();
      seen?.(output, task);
    });
    const ended = new Promise<[number | null, NodeJS.Signals | null]>((resolve) =>
      task.once('exit', (code, signal) => resolve([code, signal])),
    );
    const [errors, [code, signal]] = await Promise.all([text(task.stderr), ended]);
    return { code, signal, output: output + errors };
  }

  /** The evidence that lies beside a backup. */
  async evidence(key: string): Promise<DrillEvidence | undefined> {
    return this.store.vault.readJson(`${key}.evidence.json`, DrillEvidence);
  }

  /** What tasks have left: files, and processes that work in their folder. */
  left(): readonly string[] {
    return [...readdirSync(this.#temp), ...processesIn(this.#temp)];
  }

  async stop(): Promise<void> {
    this.#signing.destroy();
    await this.store.stop();
  }

  async #write(key: string, body: Buffer | string): Promise<void> {
    await this.store.s3.send(new PutObjectCommand({ Bucket: this.store.bucket, Key: key, Body: body }));
  }
}

/** Command lines that name something in a folder. */
function processesIn(folder: string): readonly string[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((pid) => {
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
        return line.includes(folder) && Number(pid) !== process.pid ? [line] : [];
      } catch {
        return [];
      }
    });
}
