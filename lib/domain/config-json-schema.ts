import { z } from 'zod';
import { ConfigFile } from './config.ts';
import { KEEP_RULE_FORMS } from './keep-rule.ts';

/** As much of a JSON Schema as is walked here. */
export interface JsonSchema {
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: boolean | JsonSchema;
  readonly items?: JsonSchema;
  readonly oneOf?: readonly JsonSchema[];
}

/** The JSON Schema of nightproof.yaml as it is written, for editors. `docs/config.schema.json` is its checked-in copy. */
export function configJsonSchema(): JsonSchema {
  const schema = z.toJSONSchema(ConfigFile, {
    io: 'input',
    override: ({ zodSchema, jsonSchema }) => {
      if (zodSchema._zod.def.type === 'union' && Array.isArray(jsonSchema.type)) jsonSchema.description ??= KEEP_RULE_FORMS;
    },
  });
  return { title: 'nightproof.yaml', ...schema } as JsonSchema;
}

/** The keys that a map at this path of the file may have; of alternatives, those of the one that `value` has chosen. */
export function allowedKeys(path: readonly (string | number)[], value: unknown): readonly string[] {
  let schema: JsonSchema | undefined = configJsonSchema();
  for (const step of path) schema = schema && below(schema, step);
  return Object.keys(schema?.properties ?? chosen(schema?.oneOf ?? [], value)?.properties ?? {});
}

function below(schema: JsonSchema, step: string | number): JsonSchema | undefined {
  if (typeof step === 'number') return schema.items;
  return schema.properties?.[step] ?? (typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined);
}

function chosen(alternatives: readonly JsonSchema[], value: unknown): JsonSchema | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  return alternatives.find(({ properties }) =>
    Object.entries(properties ?? {}).every(
      ([key, { const: fixed }]) => fixed === undefined || (value as Record<string, unknown>)[key] === fixed,
    ),
  );
}
