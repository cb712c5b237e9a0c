import { describe, expect, it } from 'vitest';
import type { Resource } from '../support/synthesized.ts';
import { synthesizedStacks } from '../support/synthesized-stacks.ts';

const resources: Readonly<Record<string, Resource>> =
  synthesizedStacks(`
name: trees
network: {mode: existing, vpcId: vpc-0a1b2c3d4e5f67890, subnetIds: [subnet-0a1b2c3d4e5f67890]}
connections: {main: {secret: main/postgres}}
volumes: {media: {fileSystemId: fs-0123456789abcdef0, accessPointId: fsap-0123456789abcdef0}}
schedules: {media: {cron: "0 3 * * 0"}}
sources:
  - {id: app, database: app, connection: main}
  - {id: uploads, kind: files, volume: media, schedule: media}
`).trees?.resources ?? {};

const ofType = (type: string) => Object.entries(resources).filter(([, { Type }]) => Type === type);
const definitionOf = (name: string) => {
  const [, found] = ofType('AWS::ECS::TaskDefinition').find(([id]) => id.startsWith(`Tasks${name}`)) ?? [];
  return found?.Properties as {
    Volumes: readonly { Name: string; EFSVolumeConfiguration?: object }[];
    ContainerDefinitions: readonly { MountPoints: readonly object[]; Environment: readonly { Name: string; Value: unknown }[] }[];
  };
};
const rightsOf = (name: string): string =>
  JSON.stringify(ofType('AWS::IAM::Policy').find(([id]) => id.startsWith(`Tasks${name}DefinitionTaskRole`))?.[1].Properties);

describe('a task with a volume', () => {
  it('mounts it by its access point, with TLS and IAM, and only to read', () => {
    const { Volumes, ContainerDefinitions } = definitionOf('Media');
    expect(Volumes.find(({ Name }) => Name === 'files')?.EFSVolumeConfiguration).toEqual({
      FilesystemId: 'fs-0123456789abcdef0',
      TransitEncryption: 'ENABLED',
      AuthorizationConfig: { AccessPointId: 'fsap-0123456789abcdef0', IAM: 'ENABLED' },
    });
    expect(ContainerDefinitions[0]?.MountPoints).toContainEqual({
      SourceVolume: 'files',
      ContainerPath: '/mnt/media',
      ReadOnly: true,
    });
    expect(ContainerDefinitions[0]?.Environment).toContainEqual({ Name: 'VOLUME_FOLDER', Value: '/mnt/media' });
  });

  it('may mount that file system through that access point, and do nothing else with it; it has no secret of a database', () => {
    const rights = rightsOf('Media');
    expect(rights.match(/elasticfilesystem:[A-Za-z]+/g)).toEqual([
      'elasticfilesystem:ClientMount',
      'elasticfilesystem:AccessPointArn',
    ]);
    expect(rights).toContain(':access-point/fsap-0123456789abcdef0');
    expect(rights).toContain(':file-system/fs-0123456789abcdef0');
    expect(rights).not.toContain('secretsmanager');
  });

  it('is apart from the one without, which has no file system at all', () => {
    expect(definitionOf('Plain').Volumes).toEqual([{ Name: 'tmp' }]);
    expect(rightsOf('Plain')).not.toContain('elasticfilesystem');
    expect(rightsOf('Plain')).toContain('main/postgres');
  });
});

it('each plan is started at its own time, under its own name', () => {
  const schedules = ofType('AWS::Scheduler::Schedule').map(([, { Properties }]) => {
    const { Input } = Properties.Target as { Input: string };
    return [Properties.ScheduleExpression, JSON.parse(Input)] as const;
  });
  const scheduledTime = '<aws.scheduler.scheduled-time>';
  expect(schedules).toEqual([
    ['cron(0 2 * * ? *)', { scheduledTime, plan: 'nightly' }],
    ['cron(0 3 ? * SUN *)', { scheduledTime, plan: 'media' }],
    ['cron(0 5 ? * SUN *)', { scheduledTime }],
    ['cron(0 6 1 * ? *)', { scheduledTime }],
  ]);
});
