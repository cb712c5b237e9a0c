import type { Backend } from './backend.ts';

/** How an execution ended that left no record of it. */
export const LOST_ENDS = ['aborted', 'timed out', 'failed', 'ended'] as const;
export type LostEnd = (typeof LOST_ENDS)[number];

interface Looked {
  readonly plan: { readonly execution: string };
  readonly ended: boolean;
}

/**
 * Looks at an operation. One without a record may have been aborted, which nothing writes down: then the execution itself is asked, and
 * the vault once more, since the record may have come in between.
 */
export async function lookForLost<View extends Looked>(
  backend: Pick<Backend, 'stateOf'>,
  look: () => Promise<View | undefined>,
): Promise<(View & { readonly lost?: LostEnd }) | undefined> {
  const first = await look();
  if (!first || first.ended) return first;
  const state = await backend.stateOf(first.plan.execution);
  if (!state || state.status === 'running') return first;
  const view = (await look()) ?? first;
  if (view.ended) return view;
  return { ...view, lost: state.status === 'stopped' ? state.how : state.status === 'failed' ? 'failed' : 'ended' };
}
