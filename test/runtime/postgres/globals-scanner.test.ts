import { describe, expect, it } from 'vitest';
import { GlobalsScanner } from '../../../lib/runtime/postgres/globals-scanner.ts';

const MARK = '--\n-- PostgreSQL database cluster dump complete\n--\n\n';

/** As pg_dumpall writes it, with names and comments that look like something else. */
const SCRIPT = `--
-- PostgreSQL database cluster dump
--

\\restrict a1;'"B2

SET default_transaction_read_only = off;
SET client_encoding = 'UTF8';

--
-- Roles
--

CREATE ROLE postgres;
ALTER ROLE postgres WITH SUPERUSER INHERIT LOGIN PASSWORD 'SCRAM-SHA-256$4096:x$y:CREATE ROLE nobody;';
CREATE ROLE "a SET b";
ALTER ROLE "a SET b" WITH NOSUPERUSER NOLOGIN;
COMMENT ON ROLE "a SET b" IS 'it''s; CREATE ROLE other;
ALTER ROLE x SET y TO z;
${MARK}';
CREATE ROLE "quo""te; CREATE ROLE z";
ALTER ROLE "quo""te; CREATE ROLE z" WITH NOLOGIN;

--
-- User Config "a SET b"
--

ALTER ROLE "a SET b" SET work_mem TO '4MB';
ALTER ROLE "quo""te; CREATE ROLE z" IN DATABASE "d SET e" SET search_path TO 'a', 'b';
ALTER DATABASE shop SET timezone TO 'UTC';

CREATE TABLESPACE fast OWNER postgres LOCATION '/mnt/fast';
GRANT "a SET b" TO postgres GRANTED BY postgres;

\\unrestrict a1;'"B2

${MARK}`;

function scan(script: string, cutEvery = script.length) {
  const scanner = new GlobalsScanner();
  const bytes = Buffer.from(script);
  for (let at = 0; at < bytes.length; at += cutEvery) scanner.push(bytes.subarray(at, at + cutEvery));
  return scanner.finish();
}

const COUNTS = { roles: 3, settings: 3, tablespaces: 1 };

describe('the script of pg_dumpall', () => {
  it.each([1, 2, 3, 7, 64, 10_000])(
    'is counted the same in pieces of %i bytes, whatever names and comments look like',
    (cutEvery) => {
      expect(scan(SCRIPT, cutEvery)).toEqual(COUNTS);
    },
  );

  it('is not whole wherever it is cut before its end mark', () => {
    const lastLine = SCRIPT.indexOf('complete', SCRIPT.indexOf('\\unrestrict')) + 'complete'.length;
    for (let length = 0; length < lastLine; length++)
      expect(() => scan(SCRIPT.slice(0, length))).toThrow(expect.objectContaining({ reason: 'truncated' }));
    expect(scan(SCRIPT.slice(0, lastLine + 1))).toEqual(COUNTS);
  });

  it('is not whole where something follows the mark', () => {
    expect(() => scan(`${SCRIPT}CREATE ROLE late;\n`)).toThrow(expect.objectContaining({ reason: 'truncated' }));
    expect(() => scan(`${SCRIPT}CREATE ROLE late`)).toThrow(expect.objectContaining({ reason: 'truncated' }));
  });
});
