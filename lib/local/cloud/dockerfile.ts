/** How a container of an image starts, as far as its Dockerfile says. */
export interface ImageStart {
  readonly entryPoint: readonly string[];
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

const NOTHING: ImageStart = { entryPoint: [], command: [], environment: {} };

/**
 * Reads what one stage of a Dockerfile (the last one, if none is named) and those below it say about starting.
 * What base images of registries add is not known here; Node's own only passes the command on.
 */
export function imageStart(dockerfile: string, target?: string): ImageStart {
  const stages = new Map<string, ImageStart>();
  let name = '';
  for (const [instruction, rest] of instructions(dockerfile)) {
    if (instruction === 'FROM') {
      const [, base = '', stage] = /^(\S+)(?:\s+AS\s+(\S+))?$/i.exec(rest.replace(/^--\S+\s+/, '')) ?? [];
      name = stage ?? String(stages.size);
      stages.set(name, stages.get(base) ?? NOTHING);
    } else stages.set(name, changed(stages.get(name) ?? NOTHING, instruction, rest));
  }
  const start = stages.get(target ?? name);
  if (!start) throw new Error(`the Dockerfile has no stage "${target}"`);
  return start;
}

function instructions(dockerfile: string): readonly (readonly [string, string])[] {
  const lines = dockerfile
    .replace(/^\s*#.*\n/gm, '')
    .replace(/\\\n/g, ' ')
    .split('\n');
  return lines.flatMap((line) => {
    const [, instruction, rest] = /^\s*([A-Za-z]+)\s+(.*\S)\s*$/.exec(line) ?? [];
    return instruction && rest ? [[instruction.toUpperCase(), rest] as const] : [];
  });
}

function changed(start: ImageStart, instruction: string, rest: string): ImageStart {
  switch (instruction) {
    // a new entry point drops the command of the images below
    case 'ENTRYPOINT':
      return { ...start, entryPoint: execForm(instruction, rest), command: [] };
    case 'CMD':
      return { ...start, command: execForm(instruction, rest) };
    case 'ENV':
      return { ...start, environment: { ...start.environment, ...variables(rest) } };
    default:
      return start;
  }
}

function execForm(instruction: string, rest: string): readonly string[] {
  if (!rest.startsWith('[')) throw new Error(`${instruction} ${rest}: only the exec form (a JSON array) starts without a shell`);
  return JSON.parse(rest) as string[];
}

const variables = (rest: string): Record<string, string> =>
  Object.fromEntries(
    [...rest.matchAll(/(\w+)=("[^"]*"|\S*)/g)].map(([, name = '', value = '']) => [name, value.replace(/^"|"$/g, '')]),
  );
