import fc from 'fast-check';
import { expect, it } from 'vitest';
import { conninfo } from '../../../lib/runtime/postgres/conninfo.ts';

/** Reads a connection string by the rules of libpq: quoted values, in which a backslash takes the next character as it is. */
function parse(text: string): Record<string, string> {
  const pairs = [...text.matchAll(/(?:^| )(\w+)='((?:[^'\\]|\\[\s\S])*)'(?= |$)/g)];
  expect(pairs.map(([whole]) => whole).join('')).toBe(text);
  return Object.fromEntries(pairs.map(([, name = '', value = '']) => [name, value.replace(/\\([\s\S])/g, '$1')]));
}

it.each([
  ["it's", "dbname='it\\'s'"],
  ['back\\slash', "dbname='back\\\\slash'"],
  ['host=evil password=x', "dbname='host=evil password=x'"],
  ['postgresql://evil/x', "dbname='postgresql://evil/x'"],
  ['', "dbname=''"],
])('quotes %s', (dbname, text) => {
  expect(conninfo({ dbname })).toBe(text);
});

it('is read back by libpq as the very same names, whatever is in them', () => {
  const name = fc.string({ unit: 'binary', maxLength: 63 });
  fc.assert(
    fc.property(name, name, fc.integer({ min: 1, max: 65_535 }), (dbname, user, port) => {
      expect(parse(conninfo({ dbname, user, port }))).toEqual({ dbname, user, port: String(port) });
    }),
  );
});

it('has no place for a password', () => {
  expect(() => conninfo({ password: 'x' })).toThrow();
});
