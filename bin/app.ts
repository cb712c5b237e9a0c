import { readFileSync } from 'node:fs';
import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import type { Config } from '../lib/domain/config/config.ts';
import { ConfigError, readConfig } from '../lib/domain/config/config-file.ts';
import { nightproofStacks } from '../lib/infra/nightproof-stacks.ts';

// first: an App makes the folder of its output at once, and a configuration that is refused leaves nothing behind
const config = configured(fileInContext());
const app = new App();
// the account that the cdk command deploys with; unknown where it has no credentials, and nothing here needs it then
nightproofStacks(app, config, process.env.CDK_DEFAULT_ACCOUNT);
Validations.of(app).addPlugins(new AwsSolutionsChecks());

/** What the `cdk` command hands over from cdk.json and `-c config=path`. */
function fileInContext(): string {
  const context = JSON.parse(process.env.CDK_CONTEXT_JSON ?? '{}') as { readonly config?: string };
  return context.config ?? 'nightproof.yaml';
}

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
