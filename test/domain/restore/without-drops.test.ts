import { expect, it } from 'vitest';
import type { ArchiveToc } from '../../../lib/domain/restore/archive-toc.ts';
import { WithoutDrops } from '../../../lib/domain/restore/without-drops.ts';
import { tocEntry } from '../../support/toc-entry.ts';

const entry = (type: string, start: number, end: number) => tocEntry({ type, drop: { start, end } });

it.each([1, 2, 3, 5, 8, 100])('puts an empty text for what drops an index, whatever the pieces (%d bytes)', (length) => {
  const archive = Buffer.from('..AAAAAA...BBBBBB..CCCCCC');
  const entries = [entry('INDEX', 2, 8), entry('TABLE', 11, 17), entry('CONSTRAINT', 19, 25)];
  const edited = new WithoutDrops({ entries, intBytes: 4 } as unknown as ArchiveToc);
  const pieces: Buffer[] = [];
  for (let at = 0; at < archive.length; at += length) pieces.push(edited.of(archive.subarray(at, at + length), at));
  expect(Buffer.concat(pieces).toString('latin1')).toBe('..\0\0\0\0\0...BBBBBB..\0\0\0\0\0');
});
