import { expect, it } from 'vitest';
import { cli, opened } from '../support/cli-rig.ts';

it.each([
  [['shw'], "unknown command 'shw' (Did you mean show?)"],
  [['list', '--jsn'], "unknown option '--jsn' (Did you mean --json?)"],
  [['list', 'app'], 'too many arguments'],
  [['list', '--tier', 'hourly'], 'Allowed choices are daily, weekly, monthly, yearly, archive'],
  [['list', '--limit', '0'], 'a number from 1, or: all'],
  [['list', '--limit', '-5'], 'a number from 1, or: all'],
  [['list', '--source', '../app'], '"../app" is no source id'],
  [['list', '--stack', 'a', '--local', './b'], 'cannot be used with option'],
  [['list', '--local', ''], 'It is empty'],
  [['show'], "missing required argument 'what'"],
  [['show', 'yesterday'], '"yesterday" is neither a slot nor the key of a backup'],
  [['show', '20260230_020000'], 'is neither a slot'],
  [['show', 'daily/../secrets.dump'], 'is neither a slot'],
  [['show', 'hourly/app_20260419_020000.dump'], 'is neither a slot'],
  [['show', 'daily/app_20260419_020000.dump', '--source', 'app'], '--source cannot be used with the key'],
  [['show', 'daily/app_20260419_020000.dump', '--plan', 'media'], '--plan cannot be used with the key'],
  [['show', 'archive/rpps_20260415_000000.tar.gz'], 'is neither a slot'],
  [['show', 'latest', '--plan', 'Media'], '"Media" is no name of a plan'],
  [['run', '--plan', '../media'], '"../media" is no name of a plan'],
  [['list', '--set', 'yesterday'], '"yesterday" is no slot'],
  [['list', '--set', '--tier', 'daily'], 'cannot be used with option'],
  [['status', 'app'], 'too many arguments'],
  [['doctor', '--fix'], "unknown option '--fix'"],
  [['download'], 'no backup was named'],
  [['download', 'daily/app_20260419_020000.dump', '--latest', 'app'], 'both given'],
  [['download', '--latest', 'a=b'], '"a=b" is no source id'],
  [['retention', '--delete'], "unknown option '--delete'"],
  [['retention', '../app'], '"../app" is no source id'],
  [['command'], "missing required argument 'id'"],
  [['command', 'a b'], '"a b" is no source id'],
  [['command', 'app', '--config', '/nonexistent.yaml'], '/nonexistent.yaml cannot be read (ENOENT)'],
  [['show', 'latest', '--attempt', '0'], 'a number from 1'],
  [['run', '--force'], "unknown option '--force'"],
  [['run', '-x'], "unknown option '-x'"],
  [['run', '--', '-x'], '"-x" is no source id'],
  [['run', '--', '--slot'], '"--slot" is no source id'],
  [['run', '../app'], '"../app" is no source id'],
  [['run', 'a=b'], '"a=b" is no source id'],
  [['run', 'host=evil dbname=x'], 'is no source id'],
  [['run', 'with space'], '"with space" is no source id'],
  [['run', 'app', ''], '"" is no source id'],
  [['run', 'App'], '"App" is no source id'],
  [['run', 'plan'], '"plan" is no source id'],
  [['run', 'a'.repeat(64)], 'is no source id'],
  [['run', `x${'\u001b[2J'}`], '"x\\u001b[2J" is no source id'],
  [['run', '--slot', '2026-04-19'], '"2026-04-19" is no slot'],
  [['run', '--slot', '20261319_020000'], 'is no slot'],
  [['run', '--reason', 'x'.repeat(501)], 'reason: Too big'],
  [['run', '--no-wait', '--local', './b'], '--no-wait cannot be used with --local'],
])('refuses %j before anything is opened', async (args, what) => {
  const { code, stdout, stderr } = await cli(args);

  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(/^error: .+\nremedy: .+\n$/);
  expect(stderr).toContain(what);
  expect(opened).toEqual([]);
});
