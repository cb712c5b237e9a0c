import { nearest } from '../config/nearest.ts';
import { InputRefused, isInputObject, readForm, shown } from '../run/refused-input.ts';
import { confirmationOf, RestoreRequest, WantedBackup } from './restore-request.ts';
import type { RestoreSettings, RestoreTarget } from './restore-target.ts';

/** What a restore was asked for, and the target that it names. */
export interface ReadRequest {
  readonly request: RestoreRequest;
  readonly target: RestoreTarget;
}

/** Checks what a restore's execution was started with, as far as that can be told without looking into the vault. Throws `InputRefused` with all problems. */
export function readRestoreRequest(input: unknown, targets: RestoreSettings['targets']): ReadRequest {
  if (!isInputObject(input))
    throw new InputRefused([
      'it must be a JSON object, as {"backup": {"source": "app"}, "target": "main", "confirm": "main/app"}',
    ]);
  const backup = 'backup' in input ? readBackup(input.backup) : undefined;
  const request = readForm(RestoreRequest, { ...input, ...(backup && { backup }) });
  const target = Object.hasOwn(targets, request.target) ? targets[request.target] : undefined;
  const problems = [
    ...(target ? guardProblems(request, target) : [unknownTarget(request.target, Object.keys(targets))]),
    ...setProblems(request),
    ...confirmProblems(request),
    ...(request.tables && request.mode === 'swap'
      ? ['"tables" with mode "swap" would replace the whole database by these tables; choose "inPlace" or "new"']
      : []),
  ];
  if (problems.length > 0 || !target) throw new InputRefused(problems);
  return { request, target };
}

/** The three forms are told apart first: a union's own messages would speak of all of them. */
function readBackup(backup: unknown): WantedBackup {
  const [byKey, bySource, bySet] = WantedBackup.options;
  if (!isInputObject(backup)) throw new InputRefused([`backup ${shown(backup)}: must be {"key"}, {"source"} or {"set"}`]);
  if ('key' in backup) return readForm(byKey, backup, 'backup');
  return 'set' in backup ? readForm(bySet, backup, 'backup') : readForm(bySource, backup, 'backup');
}

function unknownTarget(name: string, known: readonly string[]): string {
  const meant = nearest(name, known);
  return `no target has the name ${shown(name)}${meant ? `; did you mean "${meant}"?` : ''}; there are: ${known.join(', ') || 'none'}`;
}

const guardProblems = ({ target: name, production }: RestoreRequest, target: RestoreTarget): string[] =>
  target.production && !production ? [`target "${name}" is marked as production: say "production": true`] : [];

/** A set brings names of its own. */
function setProblems(request: RestoreRequest): string[] {
  if (!('set' in request.backup)) return [];
  return (['database', 'folder', 'tables', 'paths'] as const)
    .filter((field) => request[field] !== undefined)
    .map((field) => `"${field}" belongs to one backup, not to a set`);
}

function confirmProblems(request: RestoreRequest): string[] {
  const expected = confirmationOf(request);
  return request.confirm === expected ? [] : [`confirm must be ${JSON.stringify(expected)}, typed again`];
}
