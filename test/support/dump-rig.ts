import { partSizes } from '../../lib/domain/part-plan.ts';
import { SlotText } from '../../lib/domain/slot.ts';
import { clientFolders, findClients } from '../../lib/runtime/postgres/clients.ts';
import { MultipartUpload } from '../../lib/runtime/upload/multipart-upload.ts';
import type { DumpDependencies } from '../../tasks/dump/dump-database.ts';
import { systemTicker } from '../../tasks/dump/watchdog.ts';
import type { DatabaseRig } from './database-rig.ts';
import { toolchain } from './toolchain.ts';
import type { VaultRig } from './vault-rig.ts';

export const SLOT = SlotText.parse('20260419_020000');

/** The PATH on which the clients of every major at hand are found. */
export async function clientPath(): Promise<string> {
  return (await toolchain()).postgres.map(({ binDir }) => binDir).join(':');
}

/** All that a dump needs, made of real parts; what a test looks at goes into `overrides`. */
export function dumpDependencies(
  { server, store }: { readonly server: DatabaseRig; readonly store: VaultRig },
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
    credentials: server.credentials(),
    clients: async () => findClients(await clientFolders(await clientPath())),
    now: () => new Date('2026-04-19T02:00:10Z'),
    ticker: systemTicker,
    stop: new AbortController().signal,
    observer: {},
    ...overrides,
  };
}
