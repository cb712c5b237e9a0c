import type { IncomingMessage } from 'node:http';
import type { Fault, Meeting } from '../fault-proxy.ts';
import { jumpMs } from './case-clock.ts';
import type { CaseContext } from './case-context.ts';
import { dumpDirectly } from './dump-try.ts';
import type { DrawnFault, KindOn } from './fault-kinds.ts';
import { isDatabase } from './sources.ts';

/** Requests to the store of a night without faults, about: where a fault of the wire may strike. */
const REQUESTS = { database: 22, tree: 30 } as const;

/** Less than a client of these cases waits for a word (see run-case.ts), and more. */
const SLOW_MS = 250;
const LATE_MS = 1_400;

const MINUTE_MS = 60_000;
const DAY_MINUTES = 1_440;

const hasBody = ({ headers }: IncomingMessage): boolean => Number(headers['content-length']) > 0;
const hasReply = ({ method }: IncomingMessage): boolean => method === 'GET' || method === 'POST';
const isComplete = ({ method, url = '' }: IncomingMessage): boolean => method === 'POST' && url.includes('uploadId=');

type Planned = readonly [Fault, Meeting?];

const ONCE: Meeting = { times: 1 };

const WIRE: Readonly<Record<KindOn<'wire'>, (fault: DrawnFault, context: CaseContext) => Planned>> = {
  'slow-down': () => ['slow down'],
  'server-error': () => ['server error'],
  reset: () => ['reset', { suits: hasBody }],
  'lost-reply': () => ['lost reply'],
  'slow-reply': ({ vary }) => [{ delayMs: vary * SLOW_MS }],
  'late-reply': () => [{ delayMs: LATE_MS }, ONCE],
  'flip-request': ({ vary }) => [{ flip: 'request', share: vary }, { suits: hasBody }],
  'flip-reply': ({ vary }) => [{ flip: 'reply', share: vary }, { suits: hasReply }],
  'half-reply': () => ['half a reply', { suits: hasReply }],
  'error-in-200': () => ['error in a 200', { from: 0, suits: isComplete }],
  'clock-jump': ({ vary }, { clock, s3 }) => [
    {
      before: async () => {
        clock.set(jumpMs(vary));
        // what the SDK signs with
        s3.config.systemClockOffset += jumpMs(vary);
      },
    },
    ONCE,
  ],
  suspended: ({ vary }, { clock }) => [{ before: async () => clock.skip(2 * MINUTE_MS + vary * DAY_MINUTES * MINUTE_MS) }, ONCE],
  'two-tasks': (_, context) => [{ before: async () => void (await dumpDirectly(context)) }, ONCE],
};

/** What the proxy is to do for a fault of the wire, and to which requests. */
export function wireFault(fault: DrawnFault & { readonly kind: KindOn<'wire'> }, context: CaseContext): [Fault, Meeting] {
  const [what, meeting] = WIRE[fault.kind](fault, context);
  const requests = REQUESTS[isDatabase(context.drawn.shape) ? 'database' : 'tree'];
  return [what, { from: Math.floor(fault.at * requests), times: fault.times, ...meeting }];
}
