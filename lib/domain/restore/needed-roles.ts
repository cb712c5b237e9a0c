import type { TocEntry } from './archive-toc.ts';
import { IDENTIFIER, statementsOf, unquoted } from './statements-of.ts';

/** Roles that a restore of these entries speaks of. */
export interface NeededRoles {
  /** Those that own something, for which the restoring role must be able to act. */
  readonly owners: readonly string[];
  /** All of them. */
  readonly all: readonly string[];
}

const GRANTEE = new RegExp(`^(?:GRANT|REVOKE) .* (?:TO|FROM) (${IDENTIFIER})(?: WITH GRANT OPTION)?(?: CASCADE)?$`, 's');
const DEFAULT_GRANT = new RegExp(`^ALTER DEFAULT PRIVILEGES FOR ROLE (${IDENTIFIER}) (?:IN SCHEMA ${IDENTIFIER} )?(.*)$`, 's');
const POLICY = new RegExp(
  `^CREATE POLICY ${IDENTIFIER} ON ${IDENTIFIER}\\.${IDENTIFIER}(?: AS RESTRICTIVE)?(?: FOR [A-Z]+)? TO (${IDENTIFIER}(?:, ${IDENTIFIER})*)`,
);
const USER_MAPPING = new RegExp(`^CREATE USER MAPPING FOR (${IDENTIFIER}) `);

/** Roles that the entries name, without `public`. Without owners, only those that no option of pg_restore leaves out. */
export function neededRoles(entries: readonly TocEntry[], owners: boolean): NeededRoles {
  const owning = owners ? entries.map(({ owner }) => owner).filter((owner) => owner !== '') : [];
  const named = entries.flatMap((entry) => rolesIn(entry, owners));
  return { owners: sorted(owning), all: sorted([...owning, ...named]) };
}

const sorted = (names: readonly string[]): readonly string[] => [...new Set(names)].sort();

function rolesIn({ type, definition }: TocEntry, owners: boolean): readonly string[] {
  switch (type) {
    case 'ACL':
      return owners ? statementsOf(definition).flatMap(grantee) : [];
    case 'DEFAULT ACL':
      return owners ? statementsOf(definition).flatMap(defaultGrant) : [];
    case 'POLICY':
      return names(POLICY.exec(definition)?.[1] ?? '');
    case 'USER MAPPING':
      return names(USER_MAPPING.exec(definition)?.[1] ?? '');
    default:
      return [];
  }
}

const grantee = (statement: string): readonly string[] => names(GRANTEE.exec(statement)?.[1] ?? '');

function defaultGrant(statement: string): readonly string[] {
  const [, role = '', grant = ''] = DEFAULT_GRANT.exec(statement) ?? [];
  return [...names(role), ...grantee(grant)];
}

/** `public` and words as `CURRENT_USER` are no roles unless they are quoted. */
const NO_ROLE = /^(public|current_role|current_user|session_user)$/i;

const names = (list: string): readonly string[] =>
  [...list.matchAll(new RegExp(IDENTIFIER, 'g'))]
    .map(([name]) => name)
    .filter((name) => !NO_ROLE.test(name))
    .map(unquoted);
