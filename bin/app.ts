import { readFileSync } from 'node:fs';
import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import type { Config } from '../lib/domain/config.ts';
import { ConfigError, readConfig } from '../lib/domain/config-file.ts';
import { NightproofStack } from '../lib/infra/nightproof-stack.ts';

const app = new App();
const config = configured(String(app.node.tryGetContext('config')));
new NightproofStack(app, config.name, { stackName: config.name, config });
Validations.of(app).addPlugins(new AwsSolutionsChecks());

/** Reads the configuration, or ends with what is wrong in it: a stack trace would bury that. */
function configured(file: string): Config {
  try {
    return readConfig(readFileSync(file, 'utf8'), file);
  } catch (error) {
    if (error instanceof ConfigError) console.error(error.message);
    else
      console.error(
        `${file}: cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'}). Name the configuration with -c config=path.`,
      );
    process.exit(2);
  }
}
