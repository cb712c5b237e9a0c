import { expect, it } from 'vitest';
import { imageStart } from '../../../lib/local/cloud/dockerfile.ts';

const DOCKERFILE = `
# syntax=docker/dockerfile:1
FROM --platform=linux/arm64 node:24 AS clients
ENV NODE_ENV=production \\
    TITLE="two words"
RUN apt-get update \\
 && apt-get install -y ENTRYPOINT

FROM clients AS task
CMD ["node", "dump.mjs"]

FROM clients AS verify
ENV NODE_ENV=test
CMD ["dropped"]
ENTRYPOINT ["node"]
`;

it('starts a target with the command of its stage and the variables of all stages below', () => {
  expect(imageStart(DOCKERFILE, 'task')).toEqual({
    entryPoint: [],
    command: ['node', 'dump.mjs'],
    environment: { NODE_ENV: 'production', TITLE: 'two words' },
  });
});

it('drops an inherited command where a stage sets an entry point, as Docker does', () => {
  expect(imageStart(DOCKERFILE, 'verify')).toMatchObject({
    entryPoint: ['node'],
    command: [],
    environment: { NODE_ENV: 'test' },
  });
});

it('takes the last stage where no target is named', () => {
  expect(imageStart(DOCKERFILE).entryPoint).toEqual(['node']);
});

it('fails for a target that is not there, and for commands that need a shell', () => {
  expect(() => imageStart(DOCKERFILE, 'other')).toThrow('no stage "other"');
  expect(() => imageStart('FROM x\nCMD node dump.mjs')).toThrow('only the exec form');
});
