import { describe, expect, it } from 'vitest';
import { ConfigError, readConfig } from '../../../lib/domain/config/config-file.ts';
import { keepOf } from '../../../lib/domain/source/source.ts';

const FILE = 'nightproof.yaml';

const MINIMAL = `connections:
  main: { secret: prod/main }
sources:
  - id: app
    database: app
    connection: main
`;

/** The lines of the message, without the file's name. */
const refusals = (text: string): readonly string[] => refusalOf(text)?.message.replaceAll(`${FILE}:`, '').split('\n') ?? [];

function refusalOf(text: string): ConfigError | undefined {
  try {
    readConfig(text, FILE);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  return undefined;
}

describe('a good file', () => {
  it('is read with defaults filled in and references resolved', () => {
    const config = readConfig(MINIMAL, FILE);
    expect(config).toMatchObject({ name: 'nightproof', schedule: { cron: '0 2 * * *', timeZone: 'UTC' }, weeklyDay: 'SUN' });
    expect(config.sources).toMatchObject([
      {
        id: 'app',
        connection: { secret: 'prod/main', auth: 'password', sslMode: 'verify-full' },
        keep: { daily: '7d', weekly: '4w' },
        limits: { lockWaitSeconds: 300, noProgressSeconds: 900, deadlineSeconds: 21_600 },
      },
    ]);
  });

  it('may share parts by anchors and merges, and have a byte order mark and Windows line ends', () => {
    const text = `\uFEFF${MINIMAL}    keep: &long { daily: 30d, monthly: 12mo }
  - id: other
    database: other
    connection: main
    keep: { <<: *long, daily: 14 }
`;
    const [app, other] = readConfig(text.replaceAll('\n', '\r\n'), FILE).sources;
    expect([app && keepOf(app), other && keepOf(other)]).toEqual([
      { daily: '30d', monthly: '12mo' },
      { daily: 14, monthly: '12mo' },
    ]);
  });
});

describe('where restores may go', () => {
  it('is every connection under its own name, and what is written in place of it', () => {
    const text = `${MINIMAL}restore:
  targets:
    app: { connection: main, production: true, services: [{ cluster: app, service: web }] }
`;
    expect(readConfig(text, FILE).restore.targets).toMatchObject({
      main: { connection: { secret: 'prod/main' }, production: false, services: [] },
      app: { connection: { secret: 'prod/main' }, production: true, services: [{ cluster: 'app', service: 'web' }] },
    });
  });

  it.each([
    ['a target without a place', 'app: {}', 'restore.targets.app.connection: is needed (a name under connections), or "volume"'],
    [
      'a connection that is not there',
      'app: { connection: mian }',
      'restore.targets.app.connection: "mian" is not under connections; did you mean "main"?',
    ],
    ['a volume that is not there', 'app: { volume: media }', 'restore.targets.app.volume: "media" is not under volumes'],
    [
      'a login in an address',
      'app: { connection: main, after: { probe: { url: "https://me:pass@host/" } } }',
      'must be an http or https address without user and password',
    ],
  ])('is refused for %s', (_, target, said) => {
    expect(refusals(`${MINIMAL}restore: { targets: { ${target} } }\n`).join('\n')).toContain(said);
  });

  it.each([
    ['probes', 'probes: { ap: ["SELECT true"] }', 'drill.probes.ap: "ap" is not under sources; did you mean "app"?'],
    ['exclude', 'exclude: [ap]', 'drill.exclude[0]: "ap" is not under sources; did you mean "app"?'],
    ['long probes', `probes: { app: ["${'x'.repeat(1600)}"] }`, 'drill.probes.app: must be at most 1500 characters'],
  ])('is refused for %s that no task could be asked', (_, drill, said) => {
    expect(refusals(`${MINIMAL}drill: { ${drill} }\n`).join('\n')).toContain(said);
  });
});

describe('what is no map', () => {
  it.each([
    ['nothing', '', '1:1  the file is empty; it needs at least connections and sources'],
    ['a comment only', '# soon\n', '1:1  the file is empty; it needs at least connections and sources'],
    ['a list', '- a\n', '1:1  must be a map of keys and values'],
    ['a text', 'hello\n', '1:1  "hello" is not allowed; must be a map of keys and values'],
  ])('is refused: %s', (_, text, expected) => {
    expect(refusals(text)).toEqual([expected]);
  });
});

describe('YAML that does not hold', () => {
  it.each([
    ['a tab', 'keep:\n\tdaily: 7d\n', '2:1  a tab where only spaces may indent; put spaces there'],
    ['a key written twice', `${MINIMAL}name: a\nname: b\n`, '8:1  this key is written twice in the same map; keep one'],
    ['an open quote', 'name: "abc\n', '1:7  a quote, a bracket, a ":" or a "," is missing here or above; add it'],
    [
      'an open bracket',
      'sources: [a\nname: b\n',
      '2:1  the indentation does not fit the lines above, or a bracket is open: keys of one map must begin in one column',
    ],
    [
      'a second document',
      `${MINIMAL}---\nname: b\n`,
      '7:1  a second document begins here; the file must hold one, so take the "---" out',
    ],
    ['an unknown anchor', 'keep: *long\n', '1:7  an alias of no anchor above it; put text that begins with "*" in quotes'],
    [
      'a map that merges itself',
      'keep: &k\n  <<: *k\n',
      '1:1  the aliases of this file do not resolve to plain values; write the values out',
    ],
    ['a tag', 'name: !!js/function x\n', '1:7  tags are not allowed; put text that begins with "!" in quotes'],
  ])('is refused with its line: %s', (_, text, expected) => {
    expect(refusals(text)).toContain(expected);
  });

  it('is refused where aliases of aliases would unfold to millions of values', () => {
    const levels = Array.from({ length: 9 }, (_, i) => `l${i + 1}: &l${i + 1} [${Array(9).fill(`*l${i}`).join(', ')}]`);
    expect(refusals(['l0: &l0 x', ...levels].join('\n'))).toEqual([
      '1:1  the aliases of this file do not resolve to plain values; write the values out',
    ]);
  });
});

describe('a value that is not allowed', () => {
  it.each([
    [
      'keep: { daily: 7 days }',
      '7:16  keep.daily: "7 days" is not allowed; must be an age ("7d", "4w", "12mo", "5y"), a number of backups (4), or "forever"',
    ],
    [
      'keep: { weekly: 4 }',
      '7:7  keep.daily: is missing; must be an age ("7d", "4w", "12mo", "5y"), a number of backups (4), or "forever"',
    ],
    ['weeklyDay: sunday', '7:12  weeklyDay: "sunday" is not allowed; must be one of MON, TUE, WED, THU, FRI, SAT or SUN'],
    [
      'weeklyDay: sun',
      '7:12  weeklyDay: "sun" is not allowed; must be one of MON, TUE, WED, THU, FRI, SAT or SUN; did you mean SUN?',
    ],
    ['maxConcurrency: 0', '7:17  maxConcurrency: 0 is not allowed; must be at least 1'],
    ['maxConcurrency: 2.5', '7:17  maxConcurrency: 2.5 is not allowed; must be a whole number'],
    ['name: 2026', '7:7  name: 2026 is not allowed; must be text; put it in quotes'],
    ['notify: { email: ops }', '7:18  notify.email: "ops" is not allowed; must be a list: "- ..." lines, or [one, another]'],
    ['notify: { email: [ops] }', '7:19  notify.email[0]: "ops" is not allowed; must be an e-mail address, as ops@example.org'],
    ['network: nat', '7:10  network: "nat" is not allowed; must be a map of keys and values'],
    ['network: { mode: privat }', '7:18  network.mode: "privat" is not allowed; must be one of public, nat or existing'],
    ['network: { cidr: 10.0.0.0/24 }', '7:10  network.mode: is missing; must be one of public, nat or existing'],
    [
      'network: { mode: existing, vpcId: vpc-0a1b2c3d }',
      '7:10  network.subnetIds: is missing (subnets of that VPC); must be a list: "- ..." lines, or [one, another]',
    ],
    [
      'schedule: { cron: 0 2 1 * MON }',
      '7:19  schedule.cron: "0 2 1 * MON" is not allowed; must be five cron fields (minute hour day month weekday) that fit some day, one of day and weekday "*", as "0 2 * * *"',
    ],
    [
      'schedule: { timeZone: europe/paris }',
      '7:23  schedule.timeZone: "europe/paris" is not allowed; must be an IANA time zone, as Europe/Paris',
    ],
    [
      'limits: { lockWait: 5 min }',
      '7:21  limits.lockWait: "5 min" is not allowed; must be a duration: a number and s, m, h or d, as "15m"',
    ],
  ])('is named with its place and with what is allowed: %s', (line, expected) => {
    expect(refusals(`${MINIMAL}${line}\n`)).toEqual([expected]);
  });

  it('is named with the index of its source', () => {
    const text = `${MINIMAL}  - id: app
    database: other
    connection: mian
  - id: plan
    connection: main
    compression: zstd
`;
    const [database, id, compression, ...others] = refusals(text);
    expect(database).toBe('10:5  sources[2].database: is missing (name of the database); must be text');
    expect(id).toMatch(/^10:9 {2}sources\[2\]\.id: "plan" is not allowed; must be lower-case letters/);
    expect(compression).toMatch(/^12:18 {2}sources\[2\]\.compression: "zstd" is not allowed; must be one of auto, /);
    expect(others).toEqual([]);
  });

  it('is named where references do not hold', () => {
    const text = `${MINIMAL}  - id: app
    database: other
    connection: mian
`;
    expect(refusals(text)).toEqual([
      '7:9  sources[1].id: "app" is used twice; ids name files and must differ, so choose another',
      '9:17  sources[1].connection: "mian" is not under connections; did you mean "main"? There are: main',
    ]);
  });

  it('is pointed at where it is written, when an alias brings it elsewhere', () => {
    const text = `${MINIMAL}    keep: &short
      daily: 7 days
  - { id: b, database: b, connection: main, keep: *short }
`;
    expect(refusals(text).map((line) => line.split(': ')[0])).toEqual([
      '8:14  sources[0].keep.daily',
      '8:14  sources[1].keep.daily',
    ]);
  });
});

describe('an unknown key', () => {
  it.each([
    ['nam: x', '7:1  nam: is no key; did you mean "name"? Allowed here: name, schedule, schedules, weeklyDay, '],
    [
      'keep: { daily: 7d, weekley: 4w }',
      '7:20  keep.weekley: is no key; did you mean "weekly"? Allowed here: daily, weekly, monthly, yearly',
    ],
    ['keep: { daily: 7d, hourly: 1d }', '7:20  keep.hourly: is no key. Allowed here: daily, weekly, monthly, yearly'],
    [
      'network: { mode: nat, vpcId: x }',
      '7:23  network.vpcId: is no key of this mode; it belongs to mode existing. Allowed here: mode, cidr',
    ],
    [
      'network: { mode: existing, vpcId: vpc-0a1b2c3d, subnetIds: [subnet-0a1b2c3d], subnets: [] }',
      '7:79  network.subnets: is no key; did you mean "subnetIds"? Allowed here: mode, vpcId, subnetIds, securityGroupIds, assignPublicIp',
    ],
  ])('is pointed at, with the keys that are allowed: %s', (line, expected) => {
    const [only, ...others] = refusals(`${MINIMAL}${line}\n`);
    expect(only?.startsWith(expected)).toBe(true);
    expect(others).toEqual([]);
  });

  it('is pointed at within a source and a connection', () => {
    const text = MINIMAL.replace('{ secret: prod/main }', '{ secret: prod/main, sslmode: require }').replace(
      'id: app',
      'id: app\n    keeep: 1',
    );
    expect(refusals(text).map((line) => line.split('?')[0])).toEqual([
      '2:30  connections.main.sslmode: is no key; did you mean "sslMode"',
      '5:5  sources[0].keeep: is no key; did you mean "keep"',
    ]);
  });
});

describe('a secret that was written into the file', () => {
  it.each([
    ['as a password of a connection', '  two: { password: hunter2 }'],
    ['as an unknown key', '  two: { secret: x, sekret: hunter2 }'],
    ['as a host with credentials', '  two: { secret: x, host: "app:hunter2@db" }'],
    ['as a port', '  two: { secret: x, port: hunter2 }'],
    ['in a line that is no YAML', '  two: { secret: x } hunter2: "hunter2'],
    ['in an address', '  two: { secret: x }\nnotify: { email: ["app:hunter2@"] }'],
    ['in a tab-indented line', '  two:\n\tpassword: hunter2'],
    ['twice', '  two: { password: hunter2, password: hunter2 }'],
  ])('is refused and not repeated: %s', (_, line) => {
    const found = refusals(MINIMAL.replace('sources:', `${line}\nsources:`));
    expect(found.length).toBeGreaterThan(0);
    expect(found.join()).not.toContain('hunter2');
  });

  it('gets told where secrets belong', () => {
    expect(refusals(MINIMAL.replace('secret: prod/main', 'password: hunter2'))).toContain(
      '2:11  connections.main.password: no secret may stand in this file; write "secret" with the name of a Secrets Manager secret that holds it',
    );
  });
});

it('lists all problems, in the order of the file', () => {
  const text = `name: 1\n${MINIMAL.replace('secret:', 'secrte:')}weeklyDay: X\n`;
  const lines = refusals(text).map((line) => Number(line.split(':')[0]));
  expect(lines).toEqual([...lines].sort((a, b) => a - b));
  expect(lines.length).toBeGreaterThanOrEqual(3);
});

it('begins each line of the message with the file, the line and the column, as editors want it', () => {
  const refusal = refusalOf(`${MINIMAL}nam: x\nweeklyDay: X\n`);
  expect(refusal?.message.split('\n')).toHaveLength(2);
  expect(refusal?.message).toMatch(/^nightproof\.yaml:7:1 {2}nam: .*\nnightproof\.yaml:8:12 {2}weeklyDay: /);
  expect(refusal?.problems[1]).toMatchObject({ file: FILE, line: 8, column: 12, path: 'weeklyDay' });
});
