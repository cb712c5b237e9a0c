// `npm run demo`: one whole night on this machine, and what came of it.
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseArtifactKey } from '../../domain/backup/keys.ts';
import { showBytes } from '../../domain/bytes.ts';
import { endTogether } from '../servers/end-together.ts';
import { type PostgresServer, startPostgres } from '../servers/postgres-server.ts';
import { processGroup } from '../servers/process-group.ts';
import { thisMachine } from '../setup/machine.ts';
import { reported, reportLine } from '../setup/report-line.ts';
import { ensureToolchain, type Toolchain } from '../setup/toolchain.ts';
import { copyCloud, dailyArtifact, flipOneBit, vaultFolder, verifyAgain } from './damaged-copy.ts';
import { bringBack, LOST_TABLE, loseAndBringBack } from './lost-table.ts';
import { loginIn, removeLogin, sourceIdFor, writeNightConfig } from './night-config.ts';
import { nightproof } from './nightproof-command.ts';
import { type DemoOptions, DemoUsageError, readDemoOptions } from './options.ts';
import { refuseUnreachable } from './reachable.ts';
import { compareDatabases, restoreDump, runPgRestore } from './restore-dump.ts';
import { writeSampleConfig } from './sample-config.ts';
import { makeSampleDatabases } from './sample-databases.ts';
import { makeSampleFiles, SAMPLE_DATED, SAMPLE_TREE } from './sample-files.ts';
import { Stage } from './stage.ts';
import { unpackAndCompare } from './unpack-tree.ts';

/** The sample whose dump is restored and damaged: it has text, noise and large objects. */
const EXAMPLE = 'journal';

const stage = new Stage();

endTogether();
try {
  const options = readDemoOptions(process.argv.slice(2));
  if (options) process.exitCode = await (options.databaseUrl ? ownDatabase(options, options.databaseUrl) : samples(options));
} catch (error) {
  if (!(error instanceof DemoUsageError)) throw error;
  reportLine(error.message);
  process.exitCode = 2;
}

/** Three databases made here, one night, a restore by plain programs, a damaged copy, a drill, and a table that comes back. */
async function samples(options: DemoOptions): Promise<number> {
  const dir = options.vault ?? processGroup.folder('demo').path;
  const toolchain = await reported(ensureToolchain(thisMachine(reportLine), { everyPostgresMajor: true }));
  const [install] = toolchain.postgres;
  if (!install) throw new Error('set-up found no PostgreSQL');

  stage.step(`Three databases on a new PostgreSQL ${install.version}, and some files`);
  const server = await startPostgres(install);
  await makeSampleDatabases(server, (name, holds, bytes) => stage.good(`${name}: ${holds} (${showBytes(bytes)})`));

  stage.good(`${makeSampleFiles(dir)} files: uploads, and a folder named ${SAMPLE_DATED.date}`);
  const login = { username: server.user, password: server.password, host: server.host, port: server.port };
  const config = writeSampleConfig(dir, login);
  try {
    const code = await night(dir, config, options);
    if (code !== 0) return code;
    const shown = [
      await showRestore(server, dir),
      await showTree(dir),
      await showDamage(server, toolchain, dir),
      await showDrill(dir, config, options),
      await showLostTable(server, dir, config),
    ];
    return shown.every(Boolean) ? 0 : 1;
  } finally {
    await server.stop();
    removeLogin(dir);
    farewell(options, dir);
  }
}

/** The user's own database: the night alone. */
async function ownDatabase(options: DemoOptions, url: URL): Promise<number> {
  const dir = options.vault ?? processGroup.folder('demo').path;
  const database = decodeURIComponent(url.pathname.slice(1));
  const { login, sslMode } = loginIn(url, process.env);
  await refuseUnreachable(login, database, sslMode);
  const config = writeNightConfig(dir, login, sslMode, [{ id: sourceIdFor(database), database }]);
  try {
    return await night(dir, config, options);
  } finally {
    removeLogin(dir);
    farewell(options, dir);
  }
}

async function night(dir: string, config: string, { vault }: DemoOptions): Promise<number> {
  stage.step('The night: the synthesized state machine, functions and task, by the command an operator types');
  stage.note(`nightproof run --local ${vault ?? 'FOLDER'} --config ${basename(config)}`);
  const code = await nightproof('run', '--local', dir, '--config', config);

  stage.step('What the vault holds now');
  stage.note(`nightproof list --local ${vault ?? 'FOLDER'}`);
  await nightproof('list', '--local', dir);
  return code;
}

/** Restores one dump with plain pg_restore and compares it with its source, table by table. */
async function showRestore(server: PostgresServer, dir: string): Promise<boolean> {
  const dump = dailyArtifact(dir, EXAMPLE, '.dump');
  const into = `${EXAMPLE}_restored`;
  stage.step(`${basename(dump)}, restored into a new database by plain pg_restore`);
  await restoreDump(server, dump, into);

  const tables = await compareDatabases(server, EXAMPLE, into);
  for (const { table, rows, restoredRows, same } of tables) {
    const line = `${table}: ${rows.toLocaleString('en-US')} rows, `;
    if (same) stage.good(`${line}every row the same`);
    else stage.bad(`${line}restored ${restoredRows.toLocaleString('en-US')}, NOT the same`);
  }
  return tables.length > 0 && tables.every(({ same }) => same);
}

/** Unpacks the archive of the tree with plain tar, and compares it file by file. */
async function showTree(dir: string): Promise<boolean> {
  const archive = dailyArtifact(dir, SAMPLE_TREE.id, '.tar.gz');
  stage.step(`${basename(archive)}, unpacked into a new folder by plain tar`);
  const { files, same } = await unpackAndCompare(archive, dir);
  if (same) stage.good(`${files} files, every byte the same`);
  else stage.bad('the files are NOT the same');
  return same;
}

/** Flips one bit in a copy of the vault and asks who notices. */
async function showDamage(server: PostgresServer, toolchain: Toolchain, dir: string): Promise<boolean> {
  const copy = processGroup.folder('demo-damaged');
  await copyCloud(dir, copy.path);
  const dump = dailyArtifact(copy.path, EXAMPLE, '.dump');
  const at = flipOneBit(dump);
  stage.step(`One bit turned over in a copy of the dump, at byte ${at.toLocaleString('en-US')}: who notices?`);

  const listed = await runPgRestore(server, ['--list', '--', dump]);
  stage.say(`  pg_restore --list      ${listed.code === 0 ? 'says the archive is fine' : `refuses (exit code ${listed.code})`}`);

  const key = dump.slice(vaultFolder(copy.path).length + 1);
  const name = parseArtifactKey(key);
  if (!name) throw new Error(`${key} is no key of nightproof`);
  const refusal = await verifyAgain(toolchain, copy.path, name.slot, EXAMPLE);
  stage.say(`  nightproof's verify    ${refusal === undefined ? 'says the backup is fine' : `refuses: ${refusal}`}`);
  copy.remove();
  return listed.code === 0 && refusal !== undefined;
}

/** A restore test of the newest backup, as one runs every week by itself. */
async function showDrill(dir: string, config: string, { vault }: DemoOptions): Promise<boolean> {
  stage.step('A drill: the newest backup into a scratch server of its own, dumped again and compared');
  stage.note(`nightproof drill --local ${vault ?? 'FOLDER'} --source ${EXAMPLE}`);
  return (await nightproof('drill', '--local', dir, '--config', config, '--source', EXAMPLE)) === 0;
}

/** One table is dropped in the source, and brought back with all that hung on it. */
async function showLostTable(server: PostgresServer, dir: string, config: string): Promise<boolean> {
  stage.step(`DROP TABLE ${LOST_TABLE}, in the source itself; and back from the backup`);
  stage.note(`nightproof restore --latest ${EXAMPLE} --target main --table public.${LOST_TABLE} --mode in-place --over-source`);
  const { code, rows, same } = await loseAndBringBack(server, EXAMPLE, bringBack(dir, config, EXAMPLE));
  if (code === 0 && same)
    stage.good(`${LOST_TABLE}: ${rows.toLocaleString('en-US')} rows, and every table of ${EXAMPLE} as it was`);
  else stage.bad(`${EXAMPLE} is NOT as it was`);
  return code === 0 && same;
}

function farewell({ vault }: DemoOptions, dir: string): void {
  if (vault === undefined) {
    stage.say('\nAll of it is gone with this demo. To keep the backups: npm run demo -- --vault ./backups');
    return;
  }
  if (existsSync(join(dir, 'cloud.json'))) stage.say(`\nThe backups are plain files in ${vaultFolder(dir)}`);
  stage.say(`Look again: npm run nightproof -- list --local ${vault}`);
  stage.say('The login of the database was removed again.');
}
