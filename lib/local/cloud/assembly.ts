import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Json, JsonObject } from './json.ts';

export interface TemplateResource {
  readonly Type: string;
  readonly Properties?: JsonObject;
  readonly DeletionPolicy?: string;
}

/** A CloudFormation template, as much as is read of it here. */
export interface Template {
  readonly Resources: Readonly<Record<string, TemplateResource>>;
  readonly Outputs?: Readonly<Record<string, { readonly Value: Json }>>;
}

/** The folder from which an image is built, and which target of its Dockerfile. */
interface ImageAsset {
  readonly folder: string;
  readonly dockerfile: string;
  readonly target?: string;
}

/** A stack that belongs to a region of its own. */
export interface StackElsewhere {
  readonly stackName: string;
  /** As the CDK writes it: `aws://unknown-account/eu-west-1`. */
  readonly environment: string;
}

/** What `cdk synth` left: the stack that can be deployed here, and what lies beside it. */
export interface Assembly {
  readonly folder: string;
  readonly stackName: string;
  readonly template: Template;
  /** Stacks of the assembly that cannot be deployed here. */
  readonly elsewhere: readonly StackElsewhere[];
  /** Folders (or files) of the assets by hash. */
  readonly files: ReadonlyMap<string, string>;
  readonly images: ReadonlyMap<string, ImageAsset>;
}

interface Manifest {
  readonly artifacts?: Readonly<Record<string, Artifact>>;
}

interface Artifact {
  readonly type: string;
  readonly environment?: string;
  readonly displayName?: string;
  readonly properties?: { readonly templateFile?: string; readonly stackName?: string; readonly file?: string };
}

interface AssetManifest {
  readonly files?: Readonly<Record<string, { readonly source: { readonly path: string } }>>;
  readonly dockerImages?: Readonly<
    Record<
      string,
      { readonly source: { readonly directory: string; readonly dockerFile?: string; readonly dockerBuildTarget?: string } }
    >
  >;
}

/** The environment of a stack that goes wherever it is deployed to. */
const ANYWHERE = 'aws://unknown-account/unknown-region';

/**
 * Reads a cloud assembly. Exactly one of its stacks names no region: the local cloud has one region only, and deploys that stack.
 * A stack for a region of its own, as the off-site bucket's, is named in `elsewhere`.
 */
export function readAssembly(folder: string): Assembly {
  const root = resolve(folder);
  const manifest = readJson<Manifest>(join(root, 'manifest.json'));
  const artifacts = Object.entries(manifest.artifacts ?? {});
  if (artifacts.some(([, { type }]) => type === 'cdk:cloud-assembly'))
    throw new Error(`${root} holds stages; the local cloud deploys one stack`);

  const stacks = artifacts.filter(([, { type }]) => type === 'aws:cloudformation:stack');
  const [stack, ...more] = stacks.filter(([, { environment }]) => environment === ANYWHERE);
  if (!stack || more.length > 0)
    throw new Error(`${root} holds ${stack ? more.length + 1 : 0} stacks that name no region; the local cloud deploys one`);

  const [id, { properties = {} }] = stack;
  const assets = artifacts
    .filter(([, { type }]) => type === 'cdk:asset-manifest')
    .map(([, artifact]) => artifact.properties?.file ?? '');
  return {
    folder: root,
    stackName: properties.stackName ?? id,
    template: readJson<Template>(join(root, properties.templateFile ?? `${id}.template.json`)),
    elsewhere: stacks.filter((other) => other !== stack).map(([name, artifact]) => stackElsewhere(name, artifact)),
    ...readAssets(root, assets),
  };
}

const stackElsewhere = (id: string, { properties, environment = '' }: Artifact): StackElsewhere => ({
  stackName: properties?.stackName ?? id,
  environment,
});

function readAssets(root: string, manifests: readonly string[]): Pick<Assembly, 'files' | 'images'> {
  const files = new Map<string, string>();
  const images = new Map<string, ImageAsset>();
  for (const manifest of manifests.map((file) => readJson<AssetManifest>(join(root, file)))) {
    for (const [hash, { source }] of Object.entries(manifest.files ?? {})) files.set(hash, join(root, source.path));
    for (const [hash, { source }] of Object.entries(manifest.dockerImages ?? {})) {
      const folder = join(root, source.directory);
      const dockerfile = join(folder, source.dockerFile ?? 'Dockerfile');
      images.set(hash, { folder, dockerfile, ...(source.dockerBuildTarget && { target: source.dockerBuildTarget }) });
    }
  }
  return { files, images };
}

/** The hash of the asset that a property names (`<hash>.zip`, `...assets...:<hash>`). */
export function assetHash(value: Json | undefined): string {
  const [hash] = /[0-9a-f]{64}/.exec(JSON.stringify(value ?? null)) ?? [];
  if (!hash) throw new Error(`no asset of the assembly is named in ${JSON.stringify(value ?? null)}`);
  return hash;
}

/** The asset of that hash; the manifests name each that a template can speak of. */
export function assetOf<T>(assets: ReadonlyMap<string, T>, hash: string): T {
  const asset = assets.get(hash);
  if (asset === undefined) throw new Error(`the asset ${hash} is not in the assembly: synthesize again`);
  return asset;
}

const readJson = <T>(file: string): T => JSON.parse(readFileSync(file, 'utf8')) as T;
