import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DumpContents } from '../../../lib/domain/backup/receipt.ts';
import { CopyScanner } from '../../../lib/runtime/postgres/copy-scanner.ts';

const sha256 = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex');

function scan(script: Buffer | string, cuts: readonly number[] = []): DumpContents {
  const bytes = Buffer.from(script);
  const scanner = new CopyScanner();
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  places.forEach((from, index) => {
    // a copy in a buffer of its own that is wiped at once: the scanner must not hold on to what it was lent
    const piece = Buffer.from(bytes.subarray(from, places[index + 1] ?? bytes.length));
    scanner.push(piece);
    piece.fill(0);
  });
  return scanner.finish();
}

const HEADER = `--
-- PostgreSQL database dump
--

\\restrict kCsarmltNxC67pR5qBB7fryrn9EIfSehfZlfqgZi4XYKAA1mp8KkgboSAVjKe7b

-- Dumped from database version 18.4

SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);

`;

const block = (table: string, data: string, columns = 'a, b'): string =>
  `--\n-- Data for Name: x; Type: TABLE DATA; Schema: public; Owner: postgres\n--\n\nCOPY ${table} (${columns}) FROM stdin;\n${data}\\.\n\n\n`;

describe('tables', () => {
  it('counts rows and bytes and hashes exactly the data, without the end mark', () => {
    const data = '1\tone\n2\ttwo\n';
    expect(scan(HEADER + block('public.plain', data)).tables).toEqual([
      { schema: 'public', name: 'plain', rows: 2, bytes: data.length, sha256: sha256(data) },
    ]);
  });

  it('knows an empty table from one with an empty row', () => {
    const { tables } = scan(HEADER + block('public.none', '') + block('public.one', '\n'));
    expect(tables.map(({ rows, bytes }) => [rows, bytes])).toEqual([
      [0, 0],
      [1, 1],
    ]);
  });

  it('counts the rows of a table without columns', () => {
    const script = `${HEADER}COPY public.zero  FROM stdin;\n\n\n\\.\n\n\n`;
    expect(scan(script).tables).toEqual([{ schema: 'public', name: 'zero', rows: 2, bytes: 2, sha256: sha256('\n\n') }]);
  });

  it('is not misled by data that looks like SQL, or like an end mark', () => {
    const data = 'COPY public.fake (a) FROM stdin;\n\\\\.\n--\n;\n\\N\n\\restrict x\n.\n\\\\\n';
    const { tables } = scan(HEADER + block('public.tricky', data) + block('public.after', '7\t8\n'));
    expect(tables.map(({ name, rows, bytes }) => [name, rows, bytes])).toEqual([
      ['tricky', 8, data.length],
      ['after', 1, 4],
    ]);
  });

  it('reads names with quotes, dots, newlines and whole statements in them', () => {
    const schema = 'we"ird.s\nchema';
    const name = 'ta(b) FROM stdin;\n\\.\nx';
    const quoted = [schema, name].map((part) => `"${part.replaceAll('"', '""')}"`).join('.');
    const { tables } = scan(HEADER + block(quoted, 'hi\n', '"c(o)l""\n"') + block('public.après', 'x\n'));
    expect(tables.map((table) => [table.schema, table.name, table.rows])).toEqual([
      [schema, name, 1],
      ['public', 'après', 1],
    ]);
  });

  it('reads names in the encoding of the dump', () => {
    const script = (HEADER + block('public."é"', '1\n')).replace("'UTF8'", "'LATIN1'");
    expect(scan(Buffer.from(script, 'latin1')).tables[0]?.name).toBe('é');
  });

  it('joins partitions that are loaded through their root, whichever of them a row is in', () => {
    const viaRoot = (data: string) => `\n-- load via partition root public.root\n${block('public.root', data)}`;
    const tables = (...data: string[]) =>
      scan(HEADER + data.map(viaRoot).join('') + block('public.z', 'x\n'), [400, 500, 501]).tables;

    expect(tables('1\n2\n', '3\n')).toMatchObject([
      { name: 'root', rows: 3, bytes: 6 },
      { name: 'z', sha256: sha256('x\n') },
    ]);
    expect(tables('3\n1\n', '2\n')).toEqual(tables('1\n2\n', '3\n'));
    expect(tables('1\n2\n', '4\n')).not.toEqual(tables('1\n2\n', '3\n'));
  });
});

describe('outside tables', () => {
  it('counts sequences, and nothing that a comment or a literal says', () => {
    const fake = `COMMENT ON LARGE OBJECT 1 IS 'it''s \\\nCOPY public.fake (a) FROM stdin;\n1\n\\.\nSELECT pg_catalog.setval(''x'', 1);';\n`;
    const comment = `-- COPY public.fake (a) FROM stdin;\n-- ''"\n`;
    const owner = `ALTER LARGE OBJECT 1 OWNER TO "SELECT pg_catalog.setval(;'";\n`;
    const setval = `SELECT pg_catalog.setval('public.s''; COPY x', 2, true);\n`;
    expect(scan(HEADER + fake + comment + owner + setval + block('public.real', '1\n') + setval)).toMatchObject({
      sequences: 2,
      tables: [{ name: 'real', rows: 1 }],
    });
  });

  it('reads on after a comment that is longer than it keeps', () => {
    const comment = `COMMENT ON LARGE OBJECT 1 IS '${"lorem ''ipsum'';\n".repeat(40_000)}';\n`;
    expect(scan(HEADER + comment + block('public.t', '1\n'), [9_000, 200_000, 300_000]).tables).toHaveLength(1);
  });
});

describe('large objects', () => {
  const write = (content: Buffer): string => `SELECT pg_catalog.lowrite(0, '\\x${content.toString('hex')}');\n`;
  const object = (oid: number, ...contents: Buffer[]): string =>
    `SELECT pg_catalog.lo_open('${oid}', 131072);\n${contents.map(write).join('')}SELECT pg_catalog.lo_close(0);\n\n`;
  const [a, b] = [Buffer.from("it's \\x; COPY"), Buffer.alloc(16_384, 7)];
  const inBlobs = (...objects: string[]): string => `${HEADER}BEGIN;\n\n${objects.join('')}COMMIT;\n`;

  it('counts and hashes what they hold', () => {
    const sum = BigInt(`0x${sha256(Buffer.concat([Buffer.from('4711\0'), a, b]))}`);
    expect(scan(inBlobs(object(4711, a, b))).largeObjects).toEqual({
      count: 1,
      bytes: a.length + b.length,
      sha256: sum.toString(16).padStart(64, '0'),
    });
  });

  it('hashes the same whatever order they come in, and otherwise if they swap contents', () => {
    const hash = (...objects: string[]) => scan(inBlobs(...objects)).largeObjects.sha256;
    expect(hash(object(1, a), object(2, b), object(3))).toBe(hash(object(3), object(2, b), object(1, a)));
    expect(hash(object(1, a), object(2, b))).not.toBe(hash(object(1, b), object(2, a)));
  });

  it('reads the form of a server without standard_conforming_strings', () => {
    const doubled = inBlobs(object(4711, a, b)).replaceAll("'\\x", "'\\\\x");
    expect(scan(doubled).largeObjects).toEqual(scan(inBlobs(object(4711, a, b))).largeObjects);
  });

  it('refuses a form that it does not know, rather than miscount', () => {
    expect(() => scan(inBlobs(object(1, a)).replace('\\x', '\\xZZ'))).toThrow(expect.objectContaining({ reason: 'decode' }));
  });
});

describe('a script that is not whole', () => {
  const whole = HEADER + block('public.t', '1\t2\n');

  it.each([
    ['inside the data', whole.indexOf('2\n')],
    ['inside the end mark', whole.indexOf('\\.\n') + 1],
    ['right before the newline of the end mark', whole.indexOf('\\.\n') + 2],
    ['right after FROM stdin', whole.indexOf('FROM stdin;') + 11],
    ['inside a statement', whole.indexOf('FROM stdin')],
  ])('fails when it ends %s', (_, end) => {
    expect(() => scan(whole.slice(0, end))).toThrow(expect.objectContaining({ reason: 'decode' }));
  });

  it('fails on a COPY statement of another form', () => {
    expect(() => scan(`${HEADER}COPY t FROM stdin;\n\\.\n`)).toThrow(expect.objectContaining({ reason: 'decode' }));
  });
});

it('gives the same result wherever the stream is cut', () => {
  const value = fc.stringMatching(/^[\\.\nN;'"a-c\t]{0,12}$/);
  const asCopied = (text: string) => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\t', '\\t');
  const table = fc.record({ name: value.filter(Boolean), rows: fc.array(value, { maxLength: 6 }) });
  const tables = fc.array(table, { maxLength: 5 });
  const cuts = fc.array(fc.nat(10_000), { maxLength: 40 });

  fc.assert(
    fc.property(tables, cuts, (made, places) => {
      const distinct = [...new Map(made.map((entry) => [entry.name, entry])).values()];
      const blocks = distinct.map(({ name, rows }) =>
        block(`public."${name.replaceAll('"', '""')}"`, rows.map((row) => `${asCopied(row)}\n`).join(''), 'a'),
      );
      const expected = distinct.map(({ name, rows }) => {
        const data = rows.map((row) => `${asCopied(row)}\n`).join('');
        return { schema: 'public', name, rows: rows.length, bytes: Buffer.byteLength(data), sha256: sha256(data) };
      });
      const script = HEADER + blocks.join('');
      expect(scan(script, places).tables).toEqual(expected);
      expect(scan(script, [...Buffer.from(script).keys()]).tables).toEqual(expected);
    }),
    { numRuns: 300 },
  );
});
