import { existsSync, readFileSync, statSync } from 'node:fs';
import { z } from 'zod';
import { CliError } from '../terminal/cli-error.ts';
import { EXIT } from '../terminal/exit-codes.ts';

/** Name of a secret → what Secrets Manager would hold under it: an object, as JSON, or a text (an age identity). */
export type LocalSecrets = Readonly<Record<string, string | Readonly<Record<string, unknown>>>>;

/** The only secret that is a text: a password alone would be one that somebody has written wrongly. */
const AgeIdentities = z.string().regex(/^AGE-SECRET-KEY-/m);

const SecretsFile = z.record(z.string().min(1), z.union([z.record(z.string(), z.unknown()), AgeIdentities]));

const EXAMPLE = '{"username": "...", "password": "...", "host": "...", "port": 5432}';

const READABLE_BY_OTHERS = 0o077;

/** Reads the secrets of a local cloud. They are refused where other users could read them, and where one is missing that the configuration names. */
export function readLocalSecrets(file: string, wanted: readonly string[]): LocalSecrets {
  if (!existsSync(file)) {
    if (wanted.length === 0) return {};
    const lines = wanted.map((name) => `${JSON.stringify(name)}: ${EXAMPLE}`).join(', ');
    throw new CliError(
      EXIT.usage,
      `${file} is missing; the local cloud takes the secrets from it`,
      `Write it, readable for you only (chmod 600): {${lines}}`,
    );
  }
  if ((statSync(file).mode & READABLE_BY_OTHERS) !== 0)
    throw new CliError(EXIT.usage, `${file} can be read by other users`, `chmod 600 ${file}`);

  const secrets = parse(file);
  const missing = wanted.filter((name) => !Object.hasOwn(secrets, name));
  if (missing.length > 0)
    throw new CliError(
      EXIT.usage,
      `${file} has no secret ${missing.join(', ')}`,
      `The configuration names it. Add: ${JSON.stringify(missing[0])}: ${EXAMPLE}`,
    );
  return secrets;
}

/** Nothing of the file is repeated in an error: it holds passwords. */
function parse(file: string): LocalSecrets {
  try {
    return SecretsFile.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    throw new CliError(EXIT.usage, `${file} is not a JSON object of secrets by name`, `Write it as {"name": ${EXAMPLE}}`);
  }
}
