import type { Template } from './assembly.ts';
import { type JsonObject, objectIn, textIn } from './json.ts';
import { StatesError } from './states-error.ts';

/**
 * Which folder of this machine stands for each path at which the container of a task family has an EFS volume. Only the template
 * says so: moto forgets what a volume is. A task whose volume is not there does not start on Fargate either.
 */
export function mountedFolders(
  { Resources }: Template,
  family: string,
  folders: Readonly<Record<string, string>>,
): ReadonlyMap<string, string> {
  const properties = Object.values(Resources)
    .filter(({ Type }) => Type === 'AWS::ECS::TaskDefinition')
    .map(({ Properties }) => Properties ?? {})
    .find(({ Family }) => Family === family);
  const volumes = (properties?.Volumes ?? []) as JsonObject[];
  const [container] = (properties?.ContainerDefinitions ?? []) as JsonObject[];

  const mounts = new Map<string, string>();
  for (const { SourceVolume, ContainerPath } of (container?.MountPoints ?? []) as JsonObject[]) {
    const volume = volumes.find(({ Name }) => Name === SourceVolume);
    const id = textIn(objectIn(volume?.EFSVolumeConfiguration).FilesystemId);
    if (id === undefined) continue;
    const folder = Object.hasOwn(folders, id) ? folders[id] : undefined;
    if (folder === undefined) throw notStarted(id);
    mounts.set(textIn(ContainerPath) ?? '', folder);
  }
  return mounts;
}

const notStarted = (fileSystemId: string): StatesError =>
  new StatesError(
    'States.TaskFailed',
    JSON.stringify({
      StopCode: 'TaskFailedToStart',
      StoppedReason: `no folder of this machine stands for ${fileSystemId}`,
      Containers: [],
    }),
  );
