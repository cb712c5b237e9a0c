import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { generateIdentity, identityToRecipient } from 'age-encryption';
import { manifest } from '../../functions/manifest/manifest.ts';
import { promote } from '../../functions/promote/promote.ts';
import { verify } from '../../functions/verify/verify.ts';
import { manifestKey, planKey, tryPrefix } from '../../lib/domain/backup/keys.ts';
import { Manifest } from '../../lib/domain/backup/manifest.ts';
import type { Plan } from '../../lib/domain/run/plan.ts';
import { artifactKeyOf } from '../../lib/domain/source/artifact-of.ts';
import type { DatabaseSource, Source } from '../../lib/domain/source/source.ts';
import { instantOf, slotOf } from '../../lib/domain/time/slot.ts';
import { listArchive } from '../../lib/runtime/pg-restore-list.ts';
import { findClients, type PostgresClient } from '../../lib/runtime/postgres/clients.ts';
import { readerFor } from '../../lib/runtime/postgres/reader-for.ts';
import { dumpTask } from '../../tasks/dump/dump-task.ts';
import { DatabaseRig } from './database-rig.ts';
import { dumpDependencies } from './dump-rig.ts';
import { planOf, SUNDAY } from './night.ts';
import { packingPostgres } from './packing-postgres.ts';
import { SeededRandom } from './seeded-random.ts';
import { configFilesOf, datedFolderOf, filesOf, globalsOf } from './sources.ts';
import { stubProgram } from './stub-program.ts';
import { plant } from './tree-rig.ts';
import { VaultRig } from './vault-rig.ts';

/** An intact backup, as a run left it in the vault. */
export interface CorpusBackup {
  /** What it is and how it is packed: `dump zstd`, `tree gzip, encrypted`. */
  readonly format: string;
  readonly key: string;
  readonly manifest: Manifest;
  /** The plan of its run, by which the verify step finds it, and its source there. */
  readonly plan: Plan;
  readonly source: Source;
  /** All objects that speak of it: its own, its manifest, its list of members, the records of its tries. */
  readonly objects: ReadonlyMap<string, Buffer>;
}

export interface Corpus {
  readonly backups: readonly CorpusBackup[];
  readonly client: PostgresClient;
  /** Opens those that are encrypted. */
  readonly identity: string;
}

const WEEK_MS = 7 * 86_400_000;

/**
 * Makes small backups of every kind and packing, by the product's own steps: dumped, verified, committed, and copied up to
 * weekly and monthly. `rounds`: how many of each, with other contents each time. `folder` is for the files. `only`: of these formats.
 */
export async function makeCorpus(folder: string, rounds: number, only?: readonly string[]): Promise<Corpus> {
  const [store, server] = await Promise.all([VaultRig.start(), packingPostgres().then((install) => DatabaseRig.of(install))]);
  try {
    const maker = await CorpusMaker.open(server, store, folder);
    const backups: CorpusBackup[] = [];
    for (let round = 0; round < rounds; round++) backups.push(...(await maker.round(round, only)));
    return { backups, client: maker.client, identity: maker.identity };
  } finally {
    await Promise.all([store.stop(), server.stop()]);
  }
}

class CorpusMaker {
  readonly client: PostgresClient;
  readonly identity: string;
  readonly #server: DatabaseRig;
  readonly #store: VaultRig;
  readonly #folder: string;
  readonly #recipients: string[];

  private constructor(
    { client, identity }: Pick<Corpus, 'client' | 'identity'>,
    server: DatabaseRig,
    store: VaultRig,
    folder: string,
    recipients: string[],
  ) {
    this.client = client;
    this.identity = identity;
    this.#server = server;
    this.#store = store;
    this.#folder = folder;
    this.#recipients = recipients;
  }

  static async open(server: DatabaseRig, store: VaultRig, folder: string): Promise<CorpusMaker> {
    const [client] = await findClients([server.server.install.binDir]);
    if (!client) throw new Error('the server has no client programs');
    await server.database('shop', TABLES);
    const identity = await generateIdentity();
    return new CorpusMaker({ client, identity }, server, store, folder, [await identityToRecipient(identity)]);
  }

  /** One backup of each kind and packing, and the copies of it that its run made. */
  async round(round: number, only: readonly string[] | undefined): Promise<readonly CorpusBackup[]> {
    await this.#server.sql('shop', rowsOf(round));
    await this.#server.sql('postgres', rolesOf(round));
    const date = new Date(Date.UTC(2026, 0, 1 + round)).toISOString().slice(0, 10);
    plantFiles(this.#folder, date, round);
    const wanted = Object.entries(this.#sources(date)).filter(([format]) => only?.includes(format) ?? true);
    const sources = Object.fromEntries(wanted);
    const plan = planOf(Object.values(sources), { slot: slotOf(new Date(instantOf(SUNDAY).getTime() + round * WEEK_MS)) });
    await this.#store.vault.putOnce(planKey(plan), plan);
    const made = [];
    for (const [format, source] of Object.entries(sources)) made.push(...(await this.#backUp(format, source, plan)));
    return made;
  }

  async #backUp(format: string, source: Source, plan: Plan): Promise<readonly CorpusBackup[]> {
    const silent = { started() {}, done() {}, failed() {}, unrecorded() {} };
    const client = format === 'dump lz4' ? this.#packsWithLz4() : this.client;
    const deps = { ...dumpDependencies({ server: this.#server, store: this.#store }), volumeFolder: this.#folder };
    const task = { planKey: planKey(plan), sourceId: source.id };
    const code = await dumpTask(task, { ...deps, clients: async () => [client] }, silent);
    if (code !== 0) throw new Error(`${format} could not be backed up (exit code ${code})`);
    return Promise.all((await this.#commit(plan, source)).map((key) => this.#keep({ format, key, plan, source })));
  }

  /** The steps after the task; returns the keys of the backup and of its copies. */
  async #commit(plan: Plan, source: Source): Promise<readonly string[]> {
    const { vault } = this.#store;
    const now = () => new Date(instantOf(plan.slot).getTime() + 600_000);
    const job = { planKey: planKey(plan), id: source.id };
    const lister = (major: number) => listArchive(readerFor([this.client], major).pgRestore);
    const verification = await verify({ vault, now, lister, readBackLimitBytes: Number.POSITIVE_INFINITY })(job);
    const { promoted } = await promote({ vault, now })({ ...job, ...(await manifest({ vault, now })({ ...job, verification })) });
    return [artifactKeyOf(source, plan.slot), ...promoted];
  }

  async #keep(of: Omit<CorpusBackup, 'manifest' | 'objects'>): Promise<CorpusBackup> {
    const { vault } = this.#store;
    const beside = await this.#store.keys(of.key);
    const tries = await this.#store.keys(tryPrefix(of.plan.slot, of.source.id));
    const objects = new Map<string, Buffer>();
    for (const key of [...beside, ...tries]) objects.set(key, await buffer(await vault.read(key)));
    const found = await vault.readJson(manifestKey(of.key), Manifest);
    if (!found) throw new Error(`${of.key} has no manifest`);
    return { ...of, manifest: found, objects };
  }

  #sources(date: string): Record<string, Source> {
    const dump = (id: string, facts: Partial<DatabaseSource> = {}): Source =>
      this.#server.source('shop', { id, keep: KEEP, ...facts });
    const { connection } = this.#server.source('shop');
    const recipients = this.#recipients;
    return {
      'dump gzip': dump('gzip', { compression: 'gzip:6' }),
      'dump zstd': dump('zstd', { compression: 'zstd:1' }),
      // what stands for pg_dump makes lz4 of it, which no configuration asks for
      'dump lz4': dump('lz4', { compression: 'gzip:1' }),
      'dump none': dump('none', { compression: 'none' }),
      'dump zstd, encrypted': dump('sealed', { compression: 'zstd:1', recipients }),
      globals: { ...globalsOf('roles', { keep: KEEP }), connection },
      'globals, encrypted': { ...globalsOf('sealed-roles', { keep: KEEP, recipients }), connection },
      'tree gzip': filesOf('media', { folder: 'media', keep: KEEP }),
      'tree zstd': filesOf('media-zstd', { folder: 'media', compression: 'zstd:3', keep: KEEP }),
      'tree gzip, encrypted': configFilesOf('secrets', { folder: 'etc', recipients, keep: KEEP }),
      'dated folder gzip': datedFolderOf('annuaire', date, { folder: 'annuaire' }),
    };
  }

  #packsWithLz4(): PostgresClient {
    const change = 'for a; do shift; case $a in --compress=*) a=--compress=lz4;; esac; set -- "$@" "$a"; done';
    stubProgram(join(this.#folder, 'bin'), 'pg_dump', `${change}\nexec ${this.client.pgDump} "$@"`);
    return { ...this.client, pgDump: join(this.#folder, 'bin', 'pg_dump') };
  }
}

const KEEP = { daily: '7d', weekly: '4w', monthly: '12mo' };

const TABLES = `
  CREATE TABLE orders (id int PRIMARY KEY, note text, total numeric);
  CREATE TABLE "Odd name" (id serial, content bytea);
  CREATE TABLE nothing (id int);
  CREATE SCHEMA audit;
  CREATE TABLE audit.log (at timestamptz, what jsonb);
  CREATE INDEX ON orders (note);
  CREATE VIEW big AS SELECT * FROM orders WHERE total > 100;
  CREATE FUNCTION twice(n int) RETURNS int LANGUAGE sql AS $$ SELECT n * 2 $$;
  COMMENT ON TABLE orders IS 'what people bought';`;

/** Some 400 KB, of which a fifth cannot be packed. */
const rowsOf = (round: number): string => `
  TRUNCATE orders, "Odd name", audit.log;
  SELECT lo_unlink(oid) FROM pg_largeobject_metadata;
  INSERT INTO orders SELECT i, 'order ' || i || ' of ' || ${round} || repeat(' and more', i % 7), i / 3.0 FROM generate_series(1, 2500) i;
  INSERT INTO "Odd name" (content) SELECT sha512((i * 7 + ${round} * 1000)::text::bytea) FROM generate_series(1, 900) i;
  INSERT INTO audit.log SELECT timestamptz '2026-01-01' + i * interval '1 minute', jsonb_build_object('n', i, 'round', ${round}) FROM generate_series(1, 1000) i;
  SELECT lo_from_bytea(7000, sha512('${round}'::bytea)), lo_from_bytea(7001, decode(repeat('00ff0a5c', 2000), 'hex'));`;

const rolesOf = (round: number): string =>
  Array.from(
    { length: 40 },
    (_, n) =>
      `CREATE ROLE "round ${round} role ${n}" LOGIN PASSWORD 'x'; ALTER ROLE "round ${round} role ${n}" SET work_mem TO '9MB';`,
  ).join(' ');

function plantFiles(folder: string, date: string, round: number): void {
  const random = new SeededRandom(round);
  plant(folder, {
    'media/picture.jpg': random.bytes(60_000),
    [`media/round ${round}/notes.txt`]: `round ${round}\n`.repeat(4000),
    'media/empty/': '',
    'etc/.env': `PASSWORD=${random.bytes(3000).toString('hex')}`,
    [`annuaire/${date}/rpps.csv`]: random.bytes(20_000).toString('base64'),
  });
  writeFileSync(join(folder, 'media', 'sparse'), Buffer.alloc(20_000, round));
}
