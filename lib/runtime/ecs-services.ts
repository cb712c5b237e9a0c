import { DescribeServicesCommand, type ECSClient, UpdateServiceCommand } from '@aws-sdk/client-ecs';
import { Failure } from '../domain/outcomes.ts';
import type { EcsService } from '../domain/restore/restore-target.ts';

/** How many tasks a service should have, and how many there are, starting ones included. */
export interface ServiceCounts {
  readonly desired: number;
  readonly present: number;
}

/** Services of applications, as a restore stops and starts them. */
export interface Services {
  counts(service: EcsService): Promise<ServiceCounts>;
  scale(service: EcsService, desiredCount: number): Promise<void>;
}

export class EcsServices implements Services {
  readonly #ecs: ECSClient;

  constructor(ecs: ECSClient) {
    this.#ecs = ecs;
  }

  async counts(service: EcsService): Promise<ServiceCounts> {
    const request = new DescribeServicesCommand({ cluster: service.cluster, services: [service.service] });
    const { services: [found] = [] } = await this.#ecs.send(request).catch(failed('DescribeServices', service));
    if (!found || found.status === 'INACTIVE') throw new Failure('services', `there is no service ${show(service)}`);
    const { desiredCount = 0, runningCount = 0, pendingCount = 0 } = found;
    return { desired: desiredCount, present: runningCount + pendingCount };
  }

  async scale(service: EcsService, desiredCount: number): Promise<void> {
    const request = new UpdateServiceCommand({ cluster: service.cluster, service: service.service, desiredCount });
    await this.#ecs.send(request).catch(failed('UpdateService', service));
  }
}

const show = ({ cluster, service }: EcsService): string => `${cluster}/${service}`;

const failed =
  (call: string, service: EcsService) =>
  (error: unknown): never => {
    throw new Failure('services', `${call} ${show(service)}: ${error instanceof Error ? error.name : typeof error}`, {
      cause: error,
    });
  };
