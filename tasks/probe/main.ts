import { setTimeout as pause } from 'node:timers/promises';
import { PROBE_EXITS } from '../../lib/domain/restore/probe.ts';
import { requireEnv } from '../../lib/runtime/environment.ts';
import { probe } from './probe.ts';

const result = await probe({
  url: requireEnv('PROBE_URL'),
  status: Number(requireEnv('PROBE_STATUS')),
  contains: process.env.PROBE_CONTAINS,
  seconds: Number(requireEnv('PROBE_SECONDS')),
  now: () => performance.now(),
  pause: (milliseconds) => pause(milliseconds),
});
process.exit(PROBE_EXITS[result].code);
