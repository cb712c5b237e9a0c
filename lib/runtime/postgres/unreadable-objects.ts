import { Failure } from '../../domain/outcomes.ts';
import { DUMPED_RELATIONS } from './dumped-relations.ts';
import type { ServerSession } from './server-connection.ts';
import { NO_FILTERS, type TableFilters } from './table-filters.ts';

/** How many are named; the rest is counted. */
const NAMED = 5;

/** Something that the role cannot read in full, and the statement that changes it. */
interface UnreadableRow {
  readonly what: string;
  readonly remedy: string;
  readonly total: string;
}

const UNREADABLE_RELATIONS = `
  WITH ${DUMPED_RELATIONS},
  missing AS (
    SELECT DISTINCT 0 AS rank, format('schema %I', nspname) AS what, format('USAGE ON SCHEMA %I', nspname) AS rights
      FROM dumped WHERE NOT has_schema_privilege(schema_oid, 'USAGE')
    UNION ALL
    SELECT 1, format('table %I.%I', nspname, relname), format('SELECT ON TABLE %I.%I', nspname, relname)
      FROM dumped WHERE relkind <> 'S' AND NOT has_table_privilege(oid, 'SELECT')
    UNION ALL
    SELECT 2, format('sequence %I.%I', nspname, relname), format('SELECT ON SEQUENCE %I.%I', nspname, relname)
      FROM dumped WHERE relkind = 'S' AND NOT has_table_privilege(oid, 'SELECT')
  )
  SELECT what, format('GRANT %s TO %I;', rights, current_user) AS remedy, count(*) OVER () AS total
    FROM missing ORDER BY rank, what LIMIT ${NAMED}`;

/** Servers before 18 have no function for it. A superuser "has" every role. */
const UNREADABLE_LARGE_OBJECTS = `
  SELECT format('large object %s', oid) AS what,
         format('GRANT SELECT ON LARGE OBJECT %s TO %I;', oid, current_user) AS remedy,
         count(*) OVER () AS total
    FROM pg_largeobject_metadata
   WHERE current_setting('lo_compat_privileges') = 'off'
     AND NOT pg_has_role(lomowner, 'USAGE')
     AND NOT EXISTS (SELECT FROM aclexplode(lomacl) AS acl
                      WHERE acl.privilege_type = 'SELECT' AND (acl.grantee = 0 OR pg_has_role(acl.grantee, 'USAGE')))
   ORDER BY oid LIMIT ${NAMED}`;

/** pg_dump reads partitions one by one, so the policies of a partitioned table itself do not matter. */
const HIDDEN_ROWS = `
  WITH ${DUMPED_RELATIONS}
  SELECT format('table %I.%I', nspname, relname) AS what,
         format('ALTER ROLE %I BYPASSRLS;', current_user) AS remedy,
         count(*) OVER () AS total
    FROM dumped WHERE relkind = 'r' AND relrowsecurity AND row_security_active(oid) AND oid <> ALL ($2::oid[])
   ORDER BY what LIMIT ${NAMED}`;

/**
 * Throws where a dump by this role would fail, or lack rows, for want of a right. Names what and the statements to run.
 * A table that only its rows are left out of is locked all the same, and so has to be readable.
 */
export async function refuseUnreadable(session: ServerSession, filters: TableFilters = NO_FILTERS): Promise<void> {
  const { excluded, withoutRows } = filters;
  const unreadable = 'the backup role cannot read';
  refuse('permission', unreadable, await session.rows<UnreadableRow>(UNREADABLE_RELATIONS, [excluded]));
  refuse('permission', unreadable, await session.rows<UnreadableRow>(UNREADABLE_LARGE_OBJECTS));
  const hidden = await session.rows<UnreadableRow>(HIDDEN_ROWS, [excluded, withoutRows]);
  refuse('row-security', 'row-level security applies to the backup role on', hidden);
}

function refuse(reason: 'permission' | 'row-security', what: string, rows: readonly UnreadableRow[]): void {
  const [first] = rows;
  if (!first) return;
  const more = Number(first.total) - rows.length;
  const names = rows.map((row) => row.what).join(', ') + (more > 0 ? ` and ${more} more` : '');
  const statements = [...new Set(rows.map((row) => row.remedy))].join(' ');
  throw new Failure(reason, `${what} ${names}. Run: ${statements}`);
}
