import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Construct } from 'constructs';
import { bundle } from './bundle.ts';

/** The build folder of the one image with PostgreSQL's clients: the tasks, the drill and the verify step are targets of it. */
export function taskImage(scope: Construct): string {
  const folder = bundle(scope, {
    name: 'image',
    entries: {
      dump: 'tasks/dump/main.ts',
      discover: 'tasks/discover/main.ts',
      restore: 'tasks/restore/main.ts',
      patrol: 'tasks/patrol/main.ts',
      drill: 'tasks/drill/main.ts',
      probe: 'tasks/probe/main.ts',
      verify: 'functions/verify/main.ts',
    },
  });
  copyFileSync(join(import.meta.dirname, '../../tasks/Dockerfile'), join(folder, 'Dockerfile'));
  return folder;
}
