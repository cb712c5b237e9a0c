import { PutObjectCommand } from '@aws-sdk/client-s3';
import { planKey, tryPrefix } from '../../lib/domain/backup/keys.ts';
import { TryRecord } from '../../lib/domain/backup/receipt.ts';
import { artifactKeyOf } from '../../lib/domain/source/artifact-of.ts';
import type { Source } from '../../lib/domain/source/source.ts';
import { partSizes } from '../../lib/domain/store/part-plan.ts';
import { SlotText } from '../../lib/domain/time/slot.ts';
import { clientFolders, findClients } from '../../lib/runtime/postgres/clients.ts';
import type { CredentialSources } from '../../lib/runtime/postgres/credentials.ts';
import { systemTicker } from '../../lib/runtime/ticker.ts';
import { findGnuTar } from '../../lib/runtime/tree/gnu-tar.ts';
import { MultipartUpload } from '../../lib/runtime/upload/multipart-upload.ts';
import type { DumpDependencies } from '../../tasks/dump/dump-job.ts';
import { dumpTask } from '../../tasks/dump/dump-task.ts';
import type { DatabaseRig } from './database-rig.ts';
import { planOf } from './night.ts';
import { toolchain } from './toolchain.ts';
import type { VaultRig } from './vault-rig.ts';

export const SLOT = SlotText.parse('20260419_020000');

/** The PATH on which the clients of every major at hand are found. */
export async function clientPath(): Promise<string> {
  return (await toolchain()).postgres.map(({ binDir }) => binDir).join(':');
}

/** All that a dump needs, made of real parts; what a test looks at goes into `overrides`. */
export function dumpDependencies(
  { server, store }: { readonly server?: DatabaseRig; readonly store: VaultRig },
  overrides: Partial<DumpDependencies> = {},
): DumpDependencies {
  return {
    vault: store.vault,
    newUpload: ({ key, tags, expectedBytes, stored }) =>
      new MultipartUpload(store.s3, {
        bucket: store.bucket,
        key,
        tags,
        stored,
        partSizes: partSizes({ expectedBytes }),
        head: (present) => store.vault.head(present),
      }),
    credentials: server?.credentials() ?? NO_SERVER,
    clients: async () => findClients(await clientFolders(await clientPath())),
    tar: () => findGnuTar(process.env.PATH ?? ''),
    now: () => new Date('2026-04-19T02:00:10Z'),
    ticker: systemTicker,
    stop: new AbortController().signal,
    observer: {},
    ...overrides,
  };
}

const NO_SERVER: CredentialSources = {
  secretText: async () => {
    throw new Error('no server in this test');
  },
  iamToken: async () => {
    throw new Error('no server in this test');
  },
};

/** Writes the plan of a slot that has this one source; returns its key. */
export async function writePlan(store: VaultRig, source: Source, attempt = 1): Promise<string> {
  const key = planKey({ slot: SLOT, attempt });
  await store.vault.remove([key]);
  await store.s3.send(
    new PutObjectCommand({ Bucket: store.bucket, Key: key, Body: JSON.stringify(planOf([source], { slot: SLOT, attempt })) }),
  );
  return key;
}

/** What a try of the whole task left behind. */
export interface TaskTraces {
  readonly exitCode: number;
  /** All try records of the source, oldest first. */
  readonly records: readonly TryRecord[];
  readonly objects: readonly string[];
  readonly openUploads: readonly string[];
}

/** Runs the task for one source as far as it comes, and gathers what it left in the vault. */
export async function runTask(store: VaultRig, source: Source, deps: DumpDependencies): Promise<TaskTraces> {
  const planned = await writePlan(store, source);
  const silent = { started() {}, done() {}, failed() {}, unrecorded() {} };
  const exitCode = await dumpTask({ planKey: planned, sourceId: source.id }, deps, silent);
  return { exitCode, ...(await tracesOf(store, source)) };
}

/** What lies in the vault of a source, under the key of its artifact and beside it. */
export async function tracesOf(store: VaultRig, source: Source): Promise<Omit<TaskTraces, 'exitCode'>> {
  const records: TryRecord[] = [];
  for (const key of await store.keys(tryPrefix(SLOT, source.id))) {
    const record = await store.vault.readJson(key, TryRecord);
    if (record) records.push(record);
  }
  const artifact = artifactKeyOf(source, SLOT);
  const openUploads = (await store.openUploads()).filter((key) => key.startsWith(artifact));
  return { records, objects: await store.keys(artifact), openUploads };
}
