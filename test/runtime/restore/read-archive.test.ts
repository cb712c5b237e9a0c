import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Failure } from '../../../lib/domain/outcomes.ts';
import { parseArchiveToc, type TocEntry } from '../../../lib/domain/restore/archive-toc.ts';
import { readArchive } from '../../../lib/runtime/restore/read-archive.ts';
import { DatabaseRig } from '../../support/database-rig.ts';
import { variedDatabase } from '../../support/varied-database.ts';

async function* inPieces(bytes: Buffer, length: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}

describe.each(await DatabaseRig.majors())('an archive of PostgreSQL %i', (major) => {
  let server: DatabaseRig;
  let folder: string;
  let file: string;
  let archive: Buffer;
  beforeAll(async () => {
    server = await DatabaseRig.start(major);
    await server.database('varied', variedDatabase());
    folder = mkdtempSync(join(tmpdir(), 'nightproof-archive-'));
    file = join(folder, 'varied.dump');
    await server.program('pg_dump', ['-Fc', '-f', file, 'varied']);
    archive = readFileSync(file);
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    await server.stop();
  });

  const shown = ({ id, catalogue, oid, type, schema, name, owner }: TocEntry): string =>
    `${id}; ${catalogue} ${oid} ${type} ${schema || '-'} ${name} ${owner}`.replace(/[\r\n]/g, ' ');

  it('is read as pg_restore reads it: every entry with its names, owner and dependencies', async () => {
    const list = await server.program('pg_restore', ['--list', '--verbose', file]);
    const { toc } = await readArchive(inPieces(archive, 1000));
    const byId = new Map(toc.entries.map((entry) => [entry.id, entry]));
    const lines = list.split('\n').filter((line) => /^\d/.test(line));
    expect(lines.length).toBeGreaterThan(40);
    expect(lines).toEqual(lines.map((line) => shown(byId.get(Number.parseInt(line, 10)) as TocEntry)));
    const dependencies = [...list.matchAll(/^(\d+);.*\n;\tdepends on: ([\d ]+)$/gm)];
    expect(dependencies.length).toBeGreaterThan(20);
    for (const [, id, ids = ''] of dependencies) expect(byId.get(Number(id))?.dependencies).toEqual(ids.split(' ').map(Number));
    expect(toc).toMatchObject({ database: 'varied', entries: { length: Number(/TOC Entries: (\d+)/.exec(list)?.[1]) } });
  });

  it.each([1, 7, 4096, 1 << 24])('has its blocks where they are, whatever the pieces it comes in (%d bytes)', async (length) => {
    const { toc, blockEnds } = await readArchive(inPieces(archive, length));
    const withData = toc.entries.filter(({ hasData }) => hasData).map(({ id }) => id);
    expect(new Set(blockEnds.keys())).toEqual(new Set(withData));
    expect(Math.max(...blockEnds.values())).toBe(archive.length);
  });

  it('is damaged wherever it is cut', async () => {
    const { toc, blockEnds } = await readArchive(inPieces(archive, 4096));
    const places = [0, toc.bytes, ...blockEnds.values(), ...Array.from({ length: 100 }, (_, n) => n * 601)];
    const cuts = places.flatMap((one) => [one - 1, one, one + 1]).filter((cut) => cut >= 0 && cut < archive.length);
    expect(cuts.length).toBeGreaterThan(100);
    for (const cut of cuts)
      await expect(readArchive(inPieces(archive.subarray(0, cut), 4096))).rejects.toMatchObject({ reason: 'damaged' });
  });

  it('never ends this process, whatever stands in its front', () => {
    const { bytes } = parseArchiveToc(archive) ?? { bytes: 0 };
    const unexpected: unknown[] = [];
    for (let at = 0; at < bytes; at += 3) {
      const front = Buffer.from(archive.subarray(0, bytes));
      front.writeUInt8(front.readUInt8(at) ^ (1 << (at % 8)), at);
      try {
        parseArchiveToc(front);
      } catch (error) {
        if (!(error instanceof Failure)) unexpected.push(error);
      }
    }
    expect(bytes).toBeGreaterThan(5000);
    expect(unexpected).toEqual([]);
  });
});
