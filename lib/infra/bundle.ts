import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Stage } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { buildSync } from 'esbuild';
import { builtBefore } from './built-before.ts';

/** CommonJS packages inside an ES module bundle still call `require`. */
const REQUIRE_BANNER =
  "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);";

export interface BundleProps {
  /** Name of the folder in the assembly. */
  readonly name: string;
  /** Output file (without `.mjs`) → TypeScript entry, from the root of the repository. */
  readonly entries: Readonly<Record<string, string>>;
  /** Further files beside the bundles: name → content. */
  readonly files?: Readonly<Record<string, string>>;
}

/**
 * Bundles programs into a folder of the cloud assembly, SDK included, so that what was tested is what runs and
 * neither Docker nor the network is needed. Returns the folder.
 */
export function bundle(scope: Construct, { name, entries, files = {} }: BundleProps): string {
  const folder = join(Stage.of(scope)?.outdir ?? 'cdk.out', 'bundles', name);
  mkdirSync(folder, { recursive: true });
  builtBefore(JSON.stringify([name, entries]), folder, () => build(entries, folder));
  for (const [file, content] of Object.entries(files)) writeFileSync(join(folder, file), content);
  return folder;
}

function build(entries: BundleProps['entries'], folder: string): void {
  buildSync({
    entryPoints: Object.fromEntries(
      Object.entries(entries).map(([out, entry]) => [out, join(import.meta.dirname, '../..', entry)]),
    ),
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    absWorkingDir: join(import.meta.dirname, '../..'),
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    banner: { js: REQUIRE_BANNER },
    // pg looks for an optional native driver and falls back to its own
    external: ['pg-native'],
    logLevel: 'error',
  });
}
