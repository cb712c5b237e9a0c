import { isExecutionName } from '../../domain/backup/operation-keys.ts';

/** A restore or a drill run, by the name of its execution. */
export interface OperationName {
  readonly of: 'restore' | 'drill';
  readonly name: string;
}

/** As the CLI names them, as their records lie in the vault, or as the ARN of an execution that the CLI has started. */
const FORMS: readonly (readonly [RegExp, OperationName['of']])[] = [
  [/^(restore-[^/:]+)$/, 'restore'],
  [/^restores\/([^/]+?)(?:\.json|\/plan\.json)?$/, 'restore'],
  [/^arn:[^/]*:execution:[^:]+:(restore-[^:]+)$/, 'restore'],
  [/^(drill-[^/:]+)$/, 'drill'],
  [/^drills\/plans\/([^/]+?)(?:\.record)?(?:\.json)?$/, 'drill'],
  [/^arn:[^/]*:execution:[^:]+:(drill-[^:]+)$/, 'drill'],
];

/** The restore or drill run that a text names; undefined where it names none. */
export function operationIn(text: string): OperationName | undefined {
  for (const [form, of] of FORMS) {
    const name = form.exec(text)?.[1];
    if (name !== undefined && isExecutionName(name)) return { of, name };
  }
  return undefined;
}
