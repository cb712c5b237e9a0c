import { statfsSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { CaseContext } from './case-context.ts';
import { type DumpTry, dumpDirectly, PARTS_ON_DISK } from './dump-try.ts';
import type { DrawnFault, KindOn } from './fault-kinds.ts';
import type { TaskEnd } from './night-of-case.ts';
import { commitDirectly } from './other-try.ts';
import { isDatabase } from './sources.ts';
import { asSuperuser } from './stream-faults.ts';

/** A try during all of which something is wrong. `dump` runs it; `met` is called when the fault was really met. */
type Spoil = (context: CaseContext, fault: DrawnFault, play: Play) => Promise<TaskEnd>;

interface Play {
  readonly dump: (more?: Partial<DumpTry>) => Promise<TaskEnd>;
  readonly met: () => void;
}

export const TRY_FAULTS: Readonly<Record<KindOn<'try'>, Spoil>> = {
  'lock-held': dumpLocked,
  'disk-full': dumpOnFullDisk,
  'lease-lost': (context, _, { dump, met }) =>
    dump({
      observer: {
        completing: async () => {
          await commitDirectly(context, await dumpDirectly(context));
          met();
        },
      },
    }),
};

const LOOK_MS = 100;
const WAITING = `SELECT 1 FROM pg_locks WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;

/** A standby has the locks of its primary. */
function dumpLocked(context: CaseContext, _: DrawnFault, { dump, met }: Play): Promise<TaskEnd> {
  const { rig, gated } = context;
  const [primary = gated] = rig.servers;
  const locked = gated === rig.standby ? { ...context, gated: primary } : context;
  return asSuperuser(locked, async (client) => {
    await client.query('BEGIN; LOCK TABLE customer IN ACCESS EXCLUSIVE MODE');
    const look = setInterval(() => {
      client.query(WAITING).then(
        ({ rowCount }) => rowCount && met(),
        () => undefined,
      );
    }, LOOK_MS);
    try {
      return await dump();
    } finally {
      clearInterval(look);
    }
  });
}

/** Fills the disk but for a rest, which is where the dump's parts, its list of members and its connection files go. */
async function dumpOnFullDisk({ rig, drawn }: CaseContext, fault: DrawnFault, { dump, met }: Play): Promise<TaskEnd> {
  const { smallDisk } = rig;
  if (smallDisk === undefined) return dump();
  const { bavail, bsize } = statfsSync(smallDisk);
  const filler = join(smallDisk, 'filler');
  writeFileSync(filler, Buffer.alloc(Math.max(0, bavail * bsize - restBytes(fault, isDatabase(drawn.shape)))));
  const { TMPDIR } = process.env;
  process.env.TMPDIR = smallDisk;
  try {
    return await dump({ partSizes: PARTS_ON_DISK, failed: (thrown) => isNoSpace(thrown) && met() });
  } finally {
    if (TMPDIR === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = TMPDIR;
    await rm(filler, { force: true });
  }
}

const KIB = 1024;

/** Connection files take some 230 KiB, the authorities of the world in them. */
const CONNECTION_FILES_BYTES = 240 * KIB;

function restBytes({ at, vary }: DrawnFault, connects: boolean): number {
  if (!connects || vary < 0.3) return Math.floor(at * 60 * KIB);
  return CONNECTION_FILES_BYTES + Math.floor(at * 80 * KIB);
}

function isNoSpace(thrown: unknown): boolean {
  if (!(thrown instanceof Error)) return false;
  return ('code' in thrown && thrown.code === 'ENOSPC') || isNoSpace(thrown.cause);
}
