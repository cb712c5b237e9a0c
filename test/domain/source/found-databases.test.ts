import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { foundDatabaseId, foundDatabases } from '../../../lib/domain/source/found-databases.ts';
import { fitsAny } from '../../../lib/domain/source/name-pattern.ts';
import type { ServerGroup } from '../../../lib/domain/source/source.ts';
import { isSourceId } from '../../../lib/domain/source/source-id.ts';

const group: ServerGroup = {
  id: 'main',
  kind: 'server',
  enabled: true,
  connection: { secret: 'nightproof/main', auth: 'password', sslMode: 'disable' },
  compression: 'auto',
  include: ['*'],
  excludeDatabases: [],
  keep: { daily: '7d' },
  limits: { lockWaitSeconds: 60, noProgressSeconds: 60, deadlineSeconds: 60 },
};

const found = (databases: readonly string[], more: Partial<ServerGroup> = {}, before?: readonly string[]) =>
  foundDatabases({ group: { ...group, ...more }, databases, before });
const names = (look: ReturnType<typeof found>) => look.sources.map((source) => source.kind === 'database' && source.database);

describe('the databases of a server', () => {
  it('make a source each, with all settings of the server and nothing of its patterns', () => {
    const { sources } = found(['app'], { exclude: ['audit.*'], portable: true, include: ['app*'] });
    expect(sources).toEqual([
      {
        id: 'main-app',
        kind: 'database',
        enabled: true,
        database: 'app',
        foundBy: 'main',
        connection: group.connection,
        compression: 'auto',
        exclude: ['audit.*'],
        portable: true,
        keep: group.keep,
        limits: group.limits,
      },
    ]);
  });

  it('are chosen by patterns: one that includes, and none that excludes', () => {
    const all = ['app', 'app_dev', 'umami', 'scratch'];
    expect(names(found(all))).toEqual(['app', 'app_dev', 'scratch', 'umami']);
    expect(names(found(all, { include: ['app*', 'umam?'] }))).toEqual(['app', 'app_dev', 'umami']);
    expect(names(found(all, { include: ['app*'], excludeDatabases: ['*_dev'] }))).toEqual(['app']);
  });

  it('leave out what a provider keeps for itself', () => {
    expect(names(found(['rdsadmin', 'cloudsqladmin', 'azure_maintenance', 'app']))).toEqual(['app']);
  });

  it('are compared with those of the run before: what came and what went is told', () => {
    expect(found(['a', 'b'], {}, ['b', 'c']).notes).toEqual([
      '"a": appeared since the last run',
      '"c": no longer there (what was backed up of it is kept)',
    ]);
    expect(found(['a'], {}, ['a']).notes).toEqual([]);
    expect(found(['a']).notes).toEqual([]);
  });

  it('that are none at all are told of: a pattern may be wrong', () => {
    expect(found(['app'], { include: ['prod_*'] }).notes).toEqual([
      'no database of the server fits include and excludeDatabases',
    ]);
  });

  it('name only a few of many that came', () => {
    const many = Array.from({ length: 40 }, (_, n) => `db_${String(n).padStart(2, '0')}`);
    expect(found(many, {}, []).notes).toEqual([
      '"db_00", "db_01", "db_02", "db_03", "db_04" and 35 more: appeared since the last run',
    ]);
  });
});

describe('the id of a found database', () => {
  it('is the name itself where that may stand in an id, else harmless characters and a hash', () => {
    expect(foundDatabaseId('main', 'app_prod')).toBe('main-app_prod');
    expect(foundDatabaseId('main', 'With Space')).toMatch(/^main-with_space-[0-9a-f]{8}$/);
    expect(foundDatabaseId('main', '../../etc')).toMatch(/^main-_etc-[0-9a-f]{8}$/);
    expect(foundDatabaseId('main', 'ünïcode')).toMatch(/^main-_n_code-[0-9a-f]{8}$/);
  });

  it('is always an id that may stand in a key, and two names never share one', () => {
    const name = fc.oneof(fc.string({ minLength: 1, maxLength: 63, unit: 'binary' }), fc.stringMatching(/^[a-z0-9_-]{1,63}$/));
    const id = fc.stringMatching(/^[a-z0-9][a-z0-9_-]{0,40}$/);
    fc.assert(
      fc.property(id, fc.uniqueArray(name, { minLength: 2, maxLength: 20 }), (groupId, databases) => {
        const ids = databases.map((database) => foundDatabaseId(groupId, database));
        for (const one of ids) expect(isSourceId(one)).toBe(true);
        expect(new Set(ids).size).toBe(databases.length);
      }),
      { numRuns: 2000 },
    );
  });

  it('of a name that looks like the other form is hashed as well', () => {
    const hashed = foundDatabaseId('main', 'With Space').slice('main-'.length);
    expect(foundDatabaseId('main', hashed)).not.toBe(`main-${hashed}`);
  });
});

describe('a pattern of names', () => {
  it('knows * and ?, and takes every other character for itself', () => {
    expect(fitsAny('a.b', ['a.b'])).toBe(true);
    expect(fitsAny('axb', ['a.b'])).toBe(false);
    expect(fitsAny('a+(b)[c]{d}|^$', ['a+(b)[c]{d}|^$'])).toBe(true);
    expect(fitsAny('line\nbreak', ['line*'])).toBe(true);
    expect(fitsAny('abc', ['ab'])).toBe(false);
    expect(fitsAny('\\', ['\\'])).toBe(true);
  });
});
