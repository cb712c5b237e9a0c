/** How the CLI ends. Scripts rely on these numbers. */
export const EXIT = {
  done: 0,
  unverified: 1,
  usage: 2,
  unreachable: 3,
  nothingToDo: 4,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** What each code means, in the order in which help and docs show them. */
export const EXIT_MEANINGS: readonly (readonly [ExitCode, string])[] = [
  [EXIT.done, 'done; of a run: every source has a verified backup; of a restore or drill: all of it is restored, or passed'],
  [
    EXIT.unverified,
    'the run ended but a source has no verified backup; a restore or a drill failed; what was asked for is not there or not whole; something is overdue (status) or bad (doctor)',
  ],
  [EXIT.usage, 'wrong use or wrong configuration; nothing was started'],
  [EXIT.unreachable, 'AWS or the local cloud could not be reached, or nightproof itself failed'],
  [EXIT.nothingToDo, 'nothing to do: the slot is being run by another execution, or is complete'],
  [EXIT.interrupted, 'interrupted (Ctrl-C)'],
];
