import fc from 'fast-check';
import { expect, it } from 'vitest';
import { pathBytes, pathText, showPath } from '../../../lib/domain/backup/path-text.ts';

it('leaves UTF-8 as it is, and gives each other byte a code of its own', () => {
  expect(pathText(Buffer.from('médias/été 🎉'))).toBe('médias/été 🎉');
  expect(pathText(Buffer.from('caf\xe9/\xf0\x9f', 'latin1'))).toBe('caf\udce9/\udcf0\udc9f');
});

it('gives any bytes back, through JSON too', () => {
  const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array));
  const nearUtf8 = fc.tuple(fc.string({ unit: 'binary' }), bytes).map(([text, more]) => Buffer.concat([Buffer.from(text), more]));
  fc.assert(
    fc.property(fc.oneof(bytes, nearUtf8), (path) => {
      const text = pathText(path);
      expect(pathBytes(text).equals(path)).toBe(true);
      const json = JSON.stringify(text);
      expect(json.isWellFormed()).toBe(true);
      expect(pathBytes(JSON.parse(json) as string).equals(path)).toBe(true);
    }),
  );
});

it('takes what looks like an escaped byte in the name itself for the bytes that it is', () => {
  const pretended = Buffer.from([0xed, 0xb3, 0xa9]);
  expect(pathText(pretended)).toBe('\udced\udcb3\udca9');
  expect(pathBytes(pathText(pretended)).equals(pretended)).toBe(true);
});

it.each([
  ['plain été 🎉.txt', 'plain été 🎉.txt'],
  ['two\nlines\r\u2028', 'two\\x0alines\\x0d\\xe2\\x80\\xa8'],
  ['caf\udce9', 'caf\\xe9'],
  ['gpj.\u202eexe', 'gpj.\\xe2\\x80\\xaeexe'],
  ['\u001b[31m', '\\x1b[31m'],
  ['x'.repeat(200), `${'x'.repeat(120)}...`],
])('shows %j on one line, and hides nothing', (path, shown) => {
  expect(showPath(path)).toBe(shown);
});
