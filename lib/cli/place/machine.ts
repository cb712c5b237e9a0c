import type { DrillRequest } from '../../domain/drill/drill-plan.ts';
import type { PatrolRequest } from '../../domain/patrol/patrol-plan.ts';
import type { RestoreRequest } from '../../domain/restore/restore-request.ts';
import type { ExecutionInput } from '../../domain/run/plan.ts';

/** The state machines of a stack, each with the input that an operator gives it. */
export interface MachineInputs {
  readonly night: ExecutionInput;
  readonly restore: RestoreRequest;
  readonly drill: DrillRequest;
  readonly patrol: PatrolRequest;
}

export type Machine = keyof MachineInputs;
