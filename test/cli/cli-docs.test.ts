import { expect, it } from 'vitest';
import { buildProgram } from '../../lib/cli/program.ts';
import { renderCliDocs } from '../../lib/cli/terminal/cli-docs.ts';

it('keeps docs/cli.md as the definitions of the commands say it', async () => {
  await expect(renderCliDocs(buildProgram(() => undefined))).toMatchFileSnapshot('../../docs/cli.md');
});

it('documents every command with examples', () => {
  const docs = renderCliDocs(buildProgram(() => undefined));

  for (const command of buildProgram(() => undefined).commands) {
    expect(docs).toContain(`## \`nightproof ${command.name()}`);
    expect(docs).toContain(`\nnightproof ${command.name()} `);
  }
});
