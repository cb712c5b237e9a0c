import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TableContents } from '../../lib/domain/backup/receipt.ts';
import { DatabaseRig } from './database-rig.ts';
import { type DrillOutcome, type DumpCompression, type DumpedDatabase, drilled, dumped, resealed } from './drill-rig.ts';

/** A source of numbers below a bound, the same for the same seed (mulberry32). */
type Draw = (below: number) => number;

function drawFrom(seed: number): Draw {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

export interface DrillCases {
  readonly seed: number;
  /** Drills of intact backups, and as many of damaged ones. */
  readonly each: number;
  readonly majors: readonly number[];
  /** Folder for archives that turn out to be harmless or missed. */
  readonly folder: string;
  /** @default 2 */
  readonly atOnce?: number;
}

export interface DrillTally {
  readonly intact: number;
  readonly damaged: number;
  /** Damage of stored bytes whose manifest was made again to agree with them, so that only contents can tell. */
  readonly resealed: number;
  /** Damage after which the archive restores to the same: nobody can find it, and nobody needs to. */
  readonly harmless: readonly string[];
  readonly falsePasses: readonly string[];
  readonly falseFailures: readonly string[];
  /** How often damage of each kind was found, and by what. */
  readonly found: Readonly<Record<string, number>>;
  /** Of the drills that passed, from the first byte fetched to the last table. */
  readonly restoreSeconds: readonly number[];
}

/** A backup that was harmed, and how. */
interface Harmed {
  readonly kind: string;
  readonly backup: DumpedDatabase;
}
type Harm = (backup: DumpedDatabase, draw: Draw, other: DumpedDatabase) => DumpedDatabase;

const within = (draw: Draw, { archive }: DumpedDatabase): number => archive.length - 1 - draw(archive.length >> 1);

/** Which a restore takes without a word; only for archives that are not compressed. */
const PLAIN_ROW = 'another letter in a row';

/** What becomes of bytes in a store, a buffer or a cable. In the second half of the archive: there are rows, and no definitions. */
const BYTES: Readonly<Record<string, (archive: Buffer, at: number, draw: Draw, other: Buffer) => Buffer>> = {
  'a flipped bit': (archive, at, draw) => changed(archive, at, Buffer.of((archive[at] as number) ^ (1 << draw(8)))),
  'a zeroed block': (archive, at) => changed(archive, at, Buffer.alloc(Math.min(512, archive.length - at))),
  'a cut end': (archive, at) => archive.subarray(0, at),
  'a block from elsewhere': (archive, at, draw) => {
    const from = draw(at - 64);
    return changed(archive, at, archive.subarray(from, from + Math.min(64, archive.length - at)));
  },
  [PLAIN_ROW]: (archive, at) => {
    const text = archive.toString('latin1', at);
    const letter = at + Math.max(0, text.search(/[0-9a-f]{32}\t/));
    return changed(archive, letter, Buffer.of((archive[letter] as number) ^ 1));
  },
  'another dump': (_archive, _at, _draw, other) => other,
};

/** Manifests that belong to other contents. */
const MANIFESTS: Readonly<Record<string, (tables: readonly TableContents[], draw: Draw) => TableContents[]>> = {
  'a row less in the manifest': (tables, draw) => one(tables, draw, (table) => ({ ...table, rows: table.rows - 1 })),
  'a hash of another table in the manifest': (tables, draw) =>
    one(tables, draw, (table) => ({ ...table, sha256: 'd'.repeat(64) })),
  'a table less in the manifest': (tables, draw) => tables.toSpliced(draw(tables.length), 1),
};

const HARMS: Readonly<Record<string, Harm>> = {
  ...Object.fromEntries(
    Object.entries(BYTES).flatMap(([kind, change]) => {
      const archiveOf: (...args: Parameters<Harm>) => Buffer = (backup, draw, other) =>
        change(backup.archive, within(draw, backup), draw, other.archive);
      return [
        [kind, ((backup, draw, other) => ({ ...backup, archive: archiveOf(backup, draw, other) })) satisfies Harm],
        [`${kind}, resealed`, ((backup, draw, other) => resealed(backup, archiveOf(backup, draw, other))) satisfies Harm],
      ];
    }),
  ),
  ...Object.fromEntries(
    Object.entries(MANIFESTS).map(([kind, change]) => [
      `${kind}, resealed`,
      ((backup, draw) => {
        const { receipt } = backup;
        return {
          ...backup,
          receipt: { ...receipt, contents: { ...receipt.contents, tables: change(receipt.contents.tables, draw) } },
        };
      }) satisfies Harm,
    ]),
  ),
};

/** Drills intact and damaged backups of random databases, and tells where a drill said the wrong thing. */
export async function drillCases({ seed, each, majors, folder, atOnce = 2 }: DrillCases): Promise<DrillTally> {
  const draw = drawFrom(seed);
  const rigs = await Promise.all(majors.map((major) => DatabaseRig.start(major)));
  try {
    const bases = await Promise.all(rigs.map((rig) => basesOf(rig, draw)));
    const cases = casesFrom(bases, each, draw);
    const tally = new Tally();
    const next = cases[Symbol.iterator]();
    const work = async (): Promise<void> => {
      for (let it = next.next(); !it.done; it = next.next()) await judge(it.value, tally, folder);
    };
    await Promise.all(Array.from({ length: atOnce }, work));
    return tally.total();
  } finally {
    await Promise.all(rigs.map((rig) => rig.stop()));
  }
}

interface DrillCase {
  readonly rig: DatabaseRig;
  readonly intact: DumpedDatabase;
  readonly harmed: Harmed | undefined;
}

interface Bases {
  readonly rig: DatabaseRig;
  /** Pairs of dumps of one database, before and after a single row was changed. */
  readonly pairs: readonly (readonly [DumpedDatabase, DumpedDatabase])[];
}

async function basesOf(rig: DatabaseRig, draw: Draw): Promise<Bases> {
  const { compressions } = rig.server.install;
  const pairs: [DumpedDatabase, DumpedDatabase][] = [];
  for (const compression of ['none', 'gzip', 'zstd'] as const satisfies readonly DumpCompression[]) {
    if (compression === 'zstd' && !compressions.includes('zstd')) continue;
    const name = await rig.database(`base_${compression}`, randomDatabase(draw));
    const before = await dumped(rig, name, compression);
    await rig.sql(name, 'UPDATE t0 SET n = n + 1 WHERE id = 1');
    pairs.push([before, await dumped(rig, name, compression)]);
  }
  return { rig, pairs };
}

/** A few tables of a few hundred rows, with indexes, a foreign key, sequences and large objects; about 100 KB, so that rows are most of the dump. */
function randomDatabase(draw: Draw): string {
  const tables = Array.from({ length: 2 + draw(3) }, (_, n) => {
    const rows = 200 + draw(600);
    return `CREATE TABLE t${n} (id serial PRIMARY KEY, n int, t text, b bytea, at timestamptz);
      INSERT INTO t${n} (n, t, b, at) SELECT ${draw(1000)} + g % 97, md5(g::text || '${draw(1e6)}'), decode(md5(g::text), 'hex'),
        'epoch'::timestamptz + g * '17 min'::interval FROM generate_series(1, ${rows}) g; CREATE INDEX ON t${n} (n, t);`;
  });
  return `${tables.join('\n')} ALTER TABLE t1 ADD FOREIGN KEY (id) REFERENCES t1 (id);
    SELECT lo_from_bytea(${1000 + draw(1000)}, convert_to(repeat(md5('${draw(1e6)}'), 20), 'UTF8'));`;
}

function casesFrom(bases: readonly Bases[], each: number, draw: Draw): readonly DrillCase[] {
  const kinds = Object.entries(HARMS);
  return Array.from({ length: 2 * each }, (_, n) => {
    const { rig, pairs } = bases[n % bases.length] as Bases;
    // every kind in turn, so that each comes about equally often
    const [kind, harm] = kinds[(n - each) % kinds.length] ?? ['', (same) => same];
    const [intact, other] = pairs[kind.startsWith(PLAIN_ROW) ? 0 : draw(pairs.length)] as readonly [
      DumpedDatabase,
      DumpedDatabase,
    ];
    if (n < each) return { rig, intact, harmed: undefined };
    return { rig, intact, harmed: { kind, backup: harm(intact, draw, other) } };
  });
}

async function judge({ rig, intact, harmed }: DrillCase, tally: Tally, folder: string): Promise<void> {
  const outcome = await drilled(harmed?.backup ?? intact);
  if (!harmed) return tally.intact(outcome);
  const same = outcome.failure === undefined && (await restoresAlike(rig, intact, harmed.backup, folder));
  tally.harmed(harmed.kind, outcome, same);
}

/**
 * Whether both come back as the same, by plain pg_restore and pg_dump, which know nothing of manifests. Texts of an archive tell less: of
 * `16:29:00k00`, where a `+` lost a bit, the server makes the instant that it was. A changed manifest is damage, whatever comes back.
 */
async function restoresAlike(rig: DatabaseRig, intact: DumpedDatabase, harmed: DumpedDatabase, folder: string): Promise<boolean> {
  if (harmed.archive.equals(intact.archive)) return harmed.receipt === intact.receipt;
  const [was, is] = [await restoredAgain(rig, intact, folder), await restoredAgain(rig, harmed, folder)];
  return was === is;
}

let restores = 0;
async function restoredAgain(rig: DatabaseRig, { archive }: DumpedDatabase, folder: string): Promise<string> {
  const file = join(folder, `archive-${restores++}`);
  writeFileSync(file, archive);
  const database = await rig.restore(file, `again_${restores}`);
  return (await rig.program('pg_dump', [`--dbname=dbname='${database}'`])).replace(/^\\(un)?restrict .*$/gm, '');
}

class Tally {
  readonly #count = { intact: 0, damaged: 0, resealed: 0 };
  readonly #said = { harmless: [] as string[], falsePasses: [] as string[], falseFailures: [] as string[] };
  readonly #found: Record<string, number> = {};
  readonly #seconds: number[] = [];

  intact({ failure, notes }: DrillOutcome): void {
    this.#count.intact++;
    const { fetch = 0, server = 0, restore = 0 } = notes.noted().seconds;
    if (failure) this.#said.falseFailures.push(`${failure.reason}: ${failure.detail}`);
    else this.#seconds.push(fetch + server + restore);
  }

  harmed(kind: string, { failure }: DrillOutcome, alike: boolean): void {
    this.#count.damaged++;
    if (kind.endsWith('resealed')) this.#count.resealed++;
    if (failure) {
      const by = `${kind}: ${failure.reason}`;
      this.#found[by] = (this.#found[by] ?? 0) + 1;
    } else this.#said[alike ? 'harmless' : 'falsePasses'].push(kind);
  }

  total(): DrillTally {
    return { ...this.#count, ...this.#said, found: this.#found, restoreSeconds: this.#seconds.toSorted((a, b) => a - b) };
  }
}

const changed = (archive: Buffer, at: number, bytes: Buffer): Buffer =>
  Buffer.concat([archive.subarray(0, at), bytes, archive.subarray(at + bytes.length)]);

const one = (tables: readonly TableContents[], draw: Draw, change: (table: TableContents) => TableContents): TableContents[] => {
  const at = draw(tables.length);
  return tables.map((table, n) => (n === at ? change(table) : table));
};
