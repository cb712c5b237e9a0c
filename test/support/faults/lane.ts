/** One lane: a process that runs cases one after the other, as it is told over its channel. */
import { CaseNotes } from './case-result.ts';
import { runKillPoint } from './kill-points.ts';
import { LaneRig } from './lane-rig.ts';
import type { FromLane, ToLane } from './lanes.ts';
import { runCase } from './run-case.ts';

const RUNS = { faults: runCase, 'kill-points': runKillPoint } as const;

let rig: LaneRig | undefined;

const tell = (message: FromLane): void => void process.send?.(message);

process.on('message', (message: ToLane) => void hear(message));
process.on('disconnect', () => process.exit(0));

async function hear(message: ToLane): Promise<void> {
  if ('places' in message) {
    rig = await LaneRig.open(message.places, message.lane, message.mayMount);
    tell({ ready: true, noSmallDisk: rig.smallDisk === undefined });
  } else if ('end' in message) {
    await rig?.stop();
    process.exit(0);
  } else if (rig) {
    const notes = new CaseNotes();
    try {
      notes.add(await RUNS[message.what](rig, message.seed, message.index));
    } catch (thrown) {
      notes.violate(`the rig failed: ${thrown instanceof Error ? thrown.stack : String(thrown)}`);
    }
    tell({ index: message.index, result: { tally: notes.tally, worst: notes.worst, violations: notes.violations } });
  }
}
