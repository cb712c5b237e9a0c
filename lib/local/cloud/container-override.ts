import { isObject, type Json, type JsonObject, objectIn } from './json.ts';
import { StatesError } from './states-error.ts';

/** What the state changes of a container. Closed: an override that were left out would only be missed on AWS. */
export function overrideOf(parameters: JsonObject, container: string): JsonObject {
  const overrides = objectIn(parameters.Overrides);
  const all = (overrides.ContainerOverrides ?? []) as Json[];
  const [override = {}, ...more] = all.filter(isObject).filter(({ Name }) => Name === container);
  const unknown = [
    ...Object.keys(overrides).filter((key) => key !== 'ContainerOverrides'),
    ...Object.keys(override).filter((key) => !['Name', 'Command', 'Environment'].includes(key)),
  ];
  if (unknown.length > 0 || more.length > 0 || all.length > 1)
    throw new StatesError(
      'States.Runtime',
      `the local cloud cannot override ${unknown.join(', ') || `other containers than ${container}`}`,
    );
  return override;
}

/** The variables that an override sets. */
export const variablesOf = ({ Environment = [] }: JsonObject): Record<string, string> =>
  Object.fromEntries((Environment as JsonObject[]).map(({ Name, Value }) => [needText(Name), needText(Value)]));

function needText(value: Json | undefined): string {
  if (typeof value === 'string') return value;
  throw new StatesError('States.Runtime', `names and values of variables are texts, not ${JSON.stringify(value ?? null)}`);
}
