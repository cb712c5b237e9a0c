import { isObject, type Json, type JsonObject, objectIn, textIn, textOf } from './json.ts';

/** `$.detail.name`: fields one after the other, as the CDK writes them. */
const PATH = /^\$(\.[\w-]+)*$/;
const PLACEHOLDER = /<([\w.-]+)>/g;

/** What a target asks to be handed in place of the event, and cannot be here: EventBridge refuses the first of these as well. Empty where it can. */
export function inputProblems(target: JsonObject): string[] {
  const { InputPathsMap, InputTemplate } = objectIn(target.InputTransformer);
  const paths = objectIn(InputPathsMap);
  return [
    ...[...(textIn(InputTemplate) ?? '').matchAll(PLACEHOLDER)]
      .filter(([, name = '']) => !Object.hasOwn(paths, name))
      .map(([placeholder]) => `its template has ${placeholder}, which InputPathsMap does not define`),
    ...Object.values(paths)
      .map(textOf)
      .filter((path) => !PATH.test(path))
      .map((path) => `it reads ${path}, where only fields by name are read`),
    ...(target.InputPath === undefined ? [] : ['it has an InputPath']),
  ];
}

/** What a target is handed: the event, a constant, or the rendered template. JSON text. */
export function inputFor(target: JsonObject, event: JsonObject): string {
  const constant = textIn(target.Input);
  if (constant !== undefined) return constant;
  const { InputPathsMap, InputTemplate } = objectIn(target.InputTransformer);
  const template = textIn(InputTemplate);
  return template === undefined ? JSON.stringify(event) : rendered(template, objectIn(InputPathsMap), event);
}

/** In a text the bare value stands for a placeholder, elsewhere its JSON; so it is on AWS. */
function rendered(template: string, paths: JsonObject, event: JsonObject): string {
  const isText = template.trimStart().startsWith('"');
  return template.replace(PLACEHOLDER, (_, name: string) => {
    const value = at(event, textOf(paths[name]));
    if (!isText) return JSON.stringify(value ?? '');
    return JSON.stringify(typeof value === 'string' ? value : JSON.stringify(value ?? '')).slice(1, -1);
  });
}

const at = (event: JsonObject, path: string): Json | undefined =>
  path
    .split('.')
    .slice(1)
    .reduce<Json | undefined>((value, field) => (isObject(value) ? value[field] : undefined), event);
