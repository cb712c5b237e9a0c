import { z } from 'zod';
import { KEEP_RULE_FORMS } from '../retention/keep-rule.ts';
import { ConfigFile } from './config.ts';

/** As much of a JSON Schema as is walked here. */
export interface JsonSchema {
  readonly description?: string;
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
  readonly items?: JsonSchema;
  readonly oneOf?: readonly JsonSchema[];
}

type Path = readonly (string | number)[];

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

/** The keys that the map at this path of a file may have; of alternatives (kinds of sources), those of the one chosen there. */
export function allowedKeys(path: Path, file: unknown): readonly string[] {
  const { schema, value } = schemaAt(path, file);
  return Object.keys((schema && chosen(schema, value))?.properties ?? {});
}

/** The alternatives that do have a key which the chosen one has not: by the field that tells them apart, and its values. */
export function alternativesWith(
  key: string,
  path: Path,
  file: unknown,
): { readonly field: string; readonly values: readonly string[] } | undefined {
  const having = (schemaAt(path, file).schema?.oneOf ?? []).filter(({ properties }) => properties?.[key] !== undefined);
  const told = having.flatMap(({ properties }) => Object.entries(properties ?? {}).filter(([, field]) => 'const' in field));
  const field = told[0]?.[0];
  return field === undefined ? undefined : { field, values: told.map(([, { const: value }]) => String(value)) };
}

/** What a place of the file is for, where the schema says so. */
export const descriptionOf = (path: Path, file: unknown): string | undefined => schemaAt(path, file).schema?.description;

/** The maps right below the file as a whole that have a key of this name. */
export function mapsWith(key: string): readonly string[] {
  const has = (schema: JsonSchema): boolean =>
    schema.properties?.[key] !== undefined ||
    [...(schema.oneOf ?? []), ...(schema.items ? [schema.items] : []), ...additional(schema)].some(has);
  return Object.entries(configJsonSchema().properties ?? {}).flatMap(([name, schema]) => (has(schema) ? [name] : []));
}

const additional = ({ additionalProperties: rest }: JsonSchema): readonly JsonSchema[] =>
  typeof rest === 'object' ? [rest] : [];

/** What the schema says of a place in a file, and what stands there. */
function schemaAt(path: Path, file: unknown): { readonly schema?: JsonSchema; readonly value: unknown } {
  let schema: JsonSchema | undefined = configJsonSchema();
  let value = file;
  for (const step of path) {
    schema = schema && below(chosen(schema, value), step);
    value = childOf(value, step);
  }
  return { ...(schema && { schema }), value };
}

function below(schema: JsonSchema | undefined, step: string | number): JsonSchema | undefined {
  if (typeof step === 'number') return schema?.items;
  return schema?.properties?.[step] ?? (schema && additional(schema)[0]);
}

const childOf = (value: unknown, step: string | number): unknown =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[step] : undefined;

/** The schema itself, or that of its alternatives whose fixed fields the value has; one may be left out where it is not required. */
function chosen(schema: JsonSchema, value: unknown): JsonSchema | undefined {
  if (!schema.oneOf) return schema;
  return schema.oneOf.find(({ properties, required = [] }) =>
    Object.entries(properties ?? {}).every(([key, { const: fixed }]) => {
      const written = childOf(value, key);
      return fixed === undefined || written === fixed || (written === undefined && !required.includes(key));
    }),
  );
}
