/**
 * The relations that pg_dump reads, as a CTE named `dumped`: tables, partitioned tables and sequences outside system schemas.
 * What belongs to an extension comes back with the extension, but for the tables that it registers as configuration.
 * `$1` are the oids of those that are left out; the sequence of an identity column goes with its table.
 */
export const DUMPED_RELATIONS = `
  dumped AS (
    SELECT c.oid, c.relkind, c.relname, c.relpersistence, c.relrowsecurity, n.oid AS schema_oid, n.nspname
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p', 'S') AND c.relpersistence <> 't'
       AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
       AND c.oid <> ALL ($1::oid[])
       AND NOT EXISTS (SELECT FROM pg_depend d
                        WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'i'
                          AND d.refclassid = 'pg_class'::regclass AND c.relkind = 'S' AND d.refobjid = ANY ($1::oid[]))
       AND (NOT EXISTS (SELECT FROM pg_depend d
                         WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
                           AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e')
            OR EXISTS (SELECT FROM pg_extension e WHERE c.oid = ANY (e.extconfig)))
  )`;
