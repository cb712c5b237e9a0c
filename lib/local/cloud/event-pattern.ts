import { isObject, type Json, type JsonObject } from './json.ts';

/** An event as EventBridge hands it to a rule. */
export interface CloudEvent extends JsonObject {
  readonly id: string;
  readonly source: string;
  readonly 'detail-type': string;
  readonly detail: JsonObject;
}

/**
 * What of a pattern the local cloud cannot match as EventBridge would: everything but exact values, as filters (`prefix`,
 * `anything-but`, `$or`). Empty where it can.
 */
export function patternProblems(pattern: JsonObject, path: readonly string[] = []): string[] {
  return Object.entries(pattern).flatMap(([key, value]) => {
    const here = [...path, key];
    if (isObject(value) && !key.startsWith('$')) return patternProblems(value, here);
    if (Array.isArray(value) && value.every(isExact)) return [];
    return [`${here.join('.')}: only lists of exact values are matched`];
  });
}

const isExact = (value: Json): boolean => typeof value !== 'object' || value === null;

/** Whether an event has, wherever the pattern names a field, one of the values there. */
export const matches = (pattern: JsonObject, event: JsonObject): boolean =>
  Object.entries(pattern).every(([key, wanted]) => {
    const found = event[key];
    if (isObject(wanted)) return isObject(found) && matches(wanted, found);
    return Array.isArray(wanted) && wanted.some((value) => value === (found ?? null));
  });
