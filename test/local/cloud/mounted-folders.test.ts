import { expect, it } from 'vitest';
import type { Template } from '../../../lib/local/cloud/assembly.ts';
import { mountedFolders } from '../../../lib/local/cloud/mounted-folders.ts';

const task = (
  Family: string,
  mounts: readonly { SourceVolume: string; ContainerPath: string }[],
): Template['Resources'][string] => ({
  Type: 'AWS::ECS::TaskDefinition',
  Properties: {
    Family,
    ContainerDefinitions: [{ MountPoints: [{ SourceVolume: 'tmp', ContainerPath: '/tmp' }, ...mounts] }],
    Volumes: [{ Name: 'tmp' }, { Name: 'files', EFSVolumeConfiguration: { FilesystemId: 'fs-1' } }],
  },
});
const template: Template = {
  Resources: { Plain: task('plain', []), Media: task('media', [{ SourceVolume: 'files', ContainerPath: '/mnt/media' }]) },
};

it('a container has the folder that stands for the file system where the template mounts it, and nothing else', () => {
  expect([...mountedFolders(template, 'media', { 'fs-1': '/srv/media', 'fs-2': '/srv/other' })]).toEqual([
    ['/mnt/media', '/srv/media'],
  ]);
  expect(mountedFolders(template, 'plain', {}).size).toBe(0);
});

it('a task whose volume is not there does not start', () => {
  expect(() => mountedFolders(template, 'media', {})).toThrow(
    expect.objectContaining({ name: 'States.TaskFailed', message: expect.stringContaining('TaskFailedToStart') }),
  );
});
