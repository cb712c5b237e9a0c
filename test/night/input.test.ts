import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SOURCE_ID_RULE } from '../../lib/domain/source/source-id.ts';
import type { Json, JsonObject } from '../../lib/local/cloud/json.ts';
import { CACHE, cliProcess } from '../support/cli-process.ts';
import { NightRig } from '../support/night-rig.ts';

const CONNECTIONS = { main: { secret: 'night/main', sslMode: 'disable' } };
const SOURCES = ['shop', 'journal'].map((id) => ({ id, database: id, connection: 'main' }));

const NEITHER_ID = `must be ${SOURCE_ID_RULE}`;

/** What an execution is started with, and what the refusal says of it. */
const REFUSED: readonly (readonly [Json, string])[] = [
  [{ source: 'shop' }, 'unknown "source"; allowed here: sources, plan, reason, slot'],
  [{ sources: ['shop'], dryRun: true }, 'unknown "dryRun"; allowed here: sources, plan, reason, slot'],
  [{ scheduledTime: '2026-04-19T02:00:00Z', sources: ['shop'] }, 'unknown "sources"; allowed here: scheduledTime, plan'],
  [{ sources: ['crm'] }, 'no source has the id "crm"; there are: shop, journal'],
  [{ sources: ['shop', 'Shop'] }, `sources[1] "Shop": ${NEITHER_ID}`],
  [{ sources: ['..'] }, `sources[0] "..": ${NEITHER_ID}`],
  [{ sources: ['../../weekly/shop'] }, `sources[0] "../../weekly/shop": ${NEITHER_ID}`],
  [{ sources: ['shop=1'] }, `sources[0] "shop=1": ${NEITHER_ID}`],
  [{ sources: ['shop journal'] }, `sources[0] "shop journal": ${NEITHER_ID}`],
  [{ sources: [' shop'] }, `sources[0] " shop": ${NEITHER_ID}`],
  [{ sources: ['-shop'] }, `sources[0] "-shop": ${NEITHER_ID}`],
  [{ sources: ['--help'] }, `sources[0] "--help": ${NEITHER_ID}`],
  [{ sources: ['plan'] }, `sources[0] "plan": ${NEITHER_ID}`],
  [{ sources: ['shop\nplan'] }, String.raw`sources[0] "shop\nplan": ${NEITHER_ID}`],
  [{ sources: [''] }, `sources[0] "": ${NEITHER_ID}`],
  [{ sources: [] }, 'sources []: '],
  [{ sources: 'shop' }, 'sources "shop": '],
  [{ sources: [{ id: 'shop' }] }, 'sources[0] {"id":"shop"}: '],
  [{ sources: null }, 'sources null: '],
  [{ slot: '20260231_020000' }, 'slot "20260231_020000": must be a slot in UTC, as 20260419_020000'],
  [{ slot: '../20260419_020000' }, 'slot "../20260419_020000": must be a slot in UTC, as 20260419_020000'],
  [{ slot: '20990101_000000' }, 'slot 20990101_000000 lies in the future'],
  [{ slot: '20260419_020000' }, 'slot 20260419_020000 was never started, so there is nothing to finish'],
  [{ scheduledTime: 'tonight' }, 'scheduledTime "tonight": '],
  [{ scheduledTime: '2099-01-01T00:00:00Z' }, 'slot 20990101_000000 lies in the future'],
  [{ reason: 'x'.repeat(501) }, `reason "${'x'.repeat(79)}...: `],
  ['shop', 'it must be a JSON object; {} backs up every enabled source'],
  [['shop'], 'it must be a JSON object; {} backs up every enabled source'],
  [7, 'it must be a JSON object; {} backs up every enabled source'],
];

const shown = ([input]: readonly [Json, string]): string => JSON.stringify(input).slice(0, 60);

describe('an execution that is started by hand', () => {
  let rig: NightRig;

  beforeAll(async () => {
    rig = await NightRig.start({
      connections: CONNECTIONS,
      secrets: { 'night/main': { username: 'nobody', password: 'none', host: '127.0.0.1', port: 1 } },
      sources: SOURCES,
    });
  });

  afterAll(() => rig?.stop());

  it.each(REFUSED.map((refused) => [shown(refused), ...refused] as const))(
    'refuses %s, says what would be right, and starts nothing',
    async (_, input, expected) => {
      const { status, error, cause = '', events } = await rig.cloud.execute(input);
      expect([status, error]).toEqual(['FAILED', 'Nightproof.InputRefused']);
      const { errorMessage } = JSON.parse(cause) as JsonObject;
      expect(errorMessage).toContain(`The input of this execution was refused: ${expected}`);
      const entered = events.flatMap((event) => (event.type === 'StateEntered' ? [event.state] : []));
      expect(entered).toEqual(['Plan', 'Refused']);
    },
  );

  it('names every problem of an input at once', async () => {
    const { cause = '' } = await rig.cloud.execute({ sources: ['..', '-x'], dry: 1 });
    const { errorMessage } = JSON.parse(cause) as JsonObject;
    for (const problem of ['sources[0] ".."', 'sources[1] "-x"', 'unknown "dry"']) expect(errorMessage).toContain(problem);
  });

  it('has written nothing to the vault, started no task and sent no report: only the rule tells of each', async () => {
    expect(await rig.versions()).toEqual({});
    expect(await rig.openUploads()).toEqual([]);
    expect(rig.tasks).toEqual([]);
    const messages = await rig.cloud.messages();
    expect(messages).toHaveLength(REFUSED.length + 1);
    for (const { message } of messages)
      expect(message).toMatch(/^"nightproof: execution \S+ ended FAILED\. If no report followed/);
  });
});

describe('nightproof run, as a process', () => {
  const folder = mkdtempSync(join(tmpdir(), 'nightproof-input-'));
  const config = join(folder, 'nightproof.yaml');
  const vault = join(folder, 'vault');
  writeFileSync(config, JSON.stringify({ connections: CONNECTIONS, sources: SOURCES }));

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each([
    [['..'], '".." is no source id'],
    [['shop=1'], '"shop=1" is no source id'],
    [['shop journal'], '"shop journal" is no source id'],
    [['--', '-shop'], '"-shop" is no source id'],
    [['-shop'], '-s'],
    [['plan'], '"plan" is no source id'],
    [['crm'], 'no source has the id "crm"; there are: shop, journal'],
    [['--dry-run'], '--dry-run'],
    [['--slot', '20260231_020000'], '"20260231_020000" is no slot'],
    [['--slot', '20990101_000000'], 'slot 20990101_000000 lies in the future'],
    [['--reason', 'x'.repeat(501)], 'reason: '],
  ])('refuses %j with exit code 2, before anything is started', async (args, said) => {
    const { code, stdout, stderr } = await cliProcess(['run', '--local', vault, '--config', config, ...args], { env: CACHE });
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(said);
    expect(stderr).not.toMatch(/\n\s+at |starting the local cloud/);
    expect(existsSync(vault)).toBe(false);
  });
});
