/** Exit codes of the dump task, for the case that its record did not reach the vault. 75 is EX_TEMPFAIL; 143 is what SIGTERM leaves. */
export const TASK_EXIT = { done: 0, failed: 1, tryAgain: 75, cancelled: 143 } as const;
