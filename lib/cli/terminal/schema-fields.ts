import { type ZodType, z } from 'zod';

/** As much of a JSON Schema as is walked here. */
interface Schema {
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly format?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
}

/** One field of a document: its path (`backups[].key`), its type in words and what it means. */
export interface Field {
  readonly path: string;
  readonly type: string;
  readonly meaning: string;
}

/** Every field of a schema, in order; of alternatives those of each. */
export function fieldsOf(schema: ZodType): readonly Field[] {
  const seen = new Set<string>();
  return below('', z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Schema).filter(({ path, type }) => {
    const line = `${path} ${type}`;
    return !seen.has(line) && seen.add(line);
  });
}

function below(path: string, schema: Schema): readonly Field[] {
  const alternatives = schema.anyOf ?? schema.oneOf ?? [];
  if (schema.items) return below(`${path}[]`, schema.items);
  return [
    ...alternatives.flatMap((one) => below(path, one)),
    ...Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
      const here = path === '' ? name : `${path}.${name}`;
      const optional = schema.required?.includes(name) ? '' : ', may be absent';
      return [
        { path: here, type: `${typeOf(property)}${optional}`, meaning: property.description ?? '' },
        ...below(here, property),
      ];
    }),
  ];
}

function typeOf(schema: Schema): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(', ');
  if (schema.items) return `list of ${typeOf(schema.items)}`;
  const alternatives = schema.anyOf ?? schema.oneOf;
  if (alternatives) return [...new Set(alternatives.map(typeOf))].join(' or ');
  return schema.format === 'date-time' ? 'instant (ISO 8601, UTC)' : [schema.type ?? 'anything'].flat().join(' or ');
}
