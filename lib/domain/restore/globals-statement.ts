import { IDENTIFIER, unquoted } from './statements-of.ts';

/** A statement of a script that pg_dumpall wrote. */
export interface GlobalsStatement {
  readonly text: string;
  readonly about: 'roles' | 'tablespaces' | 'session' | 'unknown';
  /** Roles that it makes, changes or brings together. */
  readonly roles: readonly string[];
  /** Whether it makes the role. */
  readonly creates: boolean;
}

const CREATE = new RegExp(`^CREATE ROLE (${IDENTIFIER})$`);
const CHANGE = new RegExp(`^(?:ALTER ROLE|COMMENT ON ROLE|SECURITY LABEL FOR .* ON ROLE) (${IDENTIFIER}) `);
const MEMBER = new RegExp(`^GRANT (${IDENTIFIER}) TO (${IDENTIFIER})(?: WITH | GRANTED BY |$)`);
const PARAMETER = new RegExp(`^(?:GRANT|REVOKE) .* ON PARAMETER .* (?:TO|FROM) (${IDENTIFIER})(?: WITH GRANT OPTION)?$`, 's');
const TABLESPACE =
  /^(?:(?:CREATE|ALTER|COMMENT ON) TABLESPACE |SECURITY LABEL FOR .* ON TABLESPACE |(?:GRANT|REVOKE) .* ON TABLESPACE )/;

/** Settings of the session that the script is written for; the database that is connected to decides about the rest. */
const SESSION = /^SET (?:default_transaction_read_only|client_encoding|standard_conforming_strings) = /;

/** What a statement is about, by the forms that pg_dumpall has. What it does not write is `unknown`, and is not run. */
export function readGlobalsStatement(text: string): GlobalsStatement {
  const [, created] = CREATE.exec(text) ?? [];
  const [, first, second] = CHANGE.exec(text) ?? MEMBER.exec(text) ?? PARAMETER.exec(text) ?? [];
  const roles = [created, first, second].filter((role) => role !== undefined).map(unquoted);
  return { text, roles, creates: created !== undefined, about: aboutWhat(text, roles) };
}

function aboutWhat(text: string, roles: readonly string[]): GlobalsStatement['about'] {
  if (TABLESPACE.test(text)) return 'tablespaces';
  if (roles.length > 0) return 'roles';
  return SESSION.test(text) ? 'session' : 'unknown';
}
