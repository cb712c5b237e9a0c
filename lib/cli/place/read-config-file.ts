import { readFileSync } from 'node:fs';
import type { Config } from '../../domain/config/config.ts';
import { readConfig } from '../../domain/config/config-file.ts';
import { CliError } from '../terminal/cli-error.ts';
import { EXIT } from '../terminal/exit-codes.ts';

/** The configuration in a file. */
export function readConfigFile(file: string): Config {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    throw new CliError(EXIT.usage, `${file} cannot be read (${code})`, 'Name the configuration with --config.', { cause: error });
  }
  return readConfig(text, file);
}
