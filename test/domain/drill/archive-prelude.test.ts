import { describe, expect, it } from 'vitest';
import { archiveEntries } from '../../../lib/domain/drill/archive-entries.ts';
import { archivePrelude } from '../../../lib/domain/drill/archive-prelude.ts';
import { tocEntry } from '../../support/toc-entry.ts';

describe('what has to be there before a restore without a superuser', () => {
  it('is read off the entries, as names and values', () => {
    const entries = [
      tocEntry({
        type: 'DATABASE',
        definition: `CREATE DATABASE "LOCALE = 'x'" WITH TEMPLATE = template0 ENCODING = 'UTF8' LOCALE_PROVIDER = icu LOCALE = 'C' ICU_RULES = '& a < ''b''' TABLESPACE = fast;\n`,
      }),
      tocEntry({
        type: 'EXTENSION',
        name: 'uuid-ossp',
        definition: 'CREATE EXTENSION IF NOT EXISTS "uuid-ossp" WITH SCHEMA "a ""b""";\n',
      }),
      tocEntry({ type: 'FOREIGN DATA WRAPPER', name: 'far away' }),
      tocEntry({
        type: 'POLICY',
        definition: `CREATE POLICY p ON public.t FOR SELECT TO "some one", clerk USING ((what = 'TO nobody'));\n`,
      }),
      tocEntry({ type: 'USER MAPPING', definition: `CREATE USER MAPPING FOR reader SERVER far OPTIONS (password 'x');\n` }),
      tocEntry({ type: 'ACL', definition: 'GRANT SELECT ON TABLE public.t TO nobody;\n' }),
    ];
    expect(archivePrelude(entries)).toEqual({
      options: { ENCODING: 'UTF8', LOCALE_PROVIDER: 'icu', LOCALE: 'C', ICU_RULES: "& a < 'b'" },
      extensions: [{ name: 'uuid-ossp', schema: 'a "b"' }],
      wrappers: ['far away'],
      roles: ['clerk', 'reader', 'some one'],
    });
  });

  it('is nothing that an archive may say in a form of its own', () => {
    const entries = [
      tocEntry({ type: 'DATABASE', definition: `DROP DATABASE postgres; ENCODING = 'UTF8'` }),
      tocEntry({ type: 'EXTENSION', name: 'x', definition: 'CREATE EXTENSION x; DROP TABLE t;' }),
    ];
    expect(archivePrelude(entries)).toEqual({ options: {}, extensions: [], wrappers: [], roles: [] });
  });
});

describe('what a restore without a superuser goes through', () => {
  const entries = [
    tocEntry({ id: 1, type: 'SCHEMA', name: 'a' }),
    tocEntry({ id: 2, type: 'SCHEMA', name: 'a b' }),
    tocEntry({ id: 3, type: 'EXTENSION', name: 'hstore' }),
    tocEntry({ id: 4, type: 'COMMENT', name: 'EXTENSION hstore' }),
    tocEntry({ id: 5, type: 'TABLE', schema: 'a', name: 'EVENT TRIGGER x' }),
    tocEntry({ id: 6, type: 'COMMENT', schema: 'a', name: 'TABLE "EVENT TRIGGER x"' }),
    tocEntry({ id: 7, type: 'EVENT TRIGGER', name: 'watch' }),
    tocEntry({ id: 8, type: 'PUBLICATION TABLE', schema: 'a', name: 'all t' }),
    tocEntry({ id: 9, type: 'OPERATOR CLASS', schema: 'a', name: 'odd' }),
  ];
  const archive = archiveEntries(entries);

  it('is all but what is made before, and what only acts on sessions and other servers', () => {
    expect(archive.restored([])).toEqual([1, 2, 5, 6, 9]);
    expect(archive.skipped).toEqual(['COMMENT - EXTENSION hstore', 'EVENT TRIGGER - watch', 'PUBLICATION TABLE a all t']);
  });

  it('leaves out a schema that exists, and not another whose name begins so', () => {
    expect(archive.restored(['a'])).toEqual([2, 5, 6, 9]);
  });

  it('names what a missing right may be due to', () => {
    expect(archive.superusersOnly).toEqual(['OPERATOR CLASS a odd']);
  });
});
