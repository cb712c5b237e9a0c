import {
  CreateClusterCommand,
  CreateServiceCommand,
  DescribeServicesCommand,
  ECSClient,
  UpdateServiceCommand,
} from '@aws-sdk/client-ecs';
import { awsClient, type Endpoints } from '../../lib/local/cloud/endpoints.ts';

/** An application's service of some other stack: moto keeps how many tasks it should have, and follows at once. */
export class EcsService {
  readonly cluster: string;
  readonly name: string;
  readonly #ecs: ECSClient;

  private constructor(ecs: ECSClient, cluster: string, name: string) {
    this.#ecs = ecs;
    this.cluster = cluster;
    this.name = name;
  }

  /** A service with so many tasks running, in a cluster that is made where there is none of the name. */
  static async running(endpoints: Endpoints, { cluster, name, tasks }: { cluster: string; name: string; tasks: number }) {
    const ecs = new ECSClient(awsClient(endpoints));
    await ecs.send(new CreateClusterCommand({ clusterName: cluster }));
    await ecs.send(new CreateServiceCommand({ cluster, serviceName: name, desiredCount: 0 }));
    const service = new EcsService(ecs, cluster, name);
    await service.scale(tasks);
    return service;
  }

  async scale(desiredCount: number): Promise<void> {
    await this.#ecs.send(new UpdateServiceCommand({ cluster: this.cluster, service: this.name, desiredCount }));
  }

  async counts(): Promise<{ readonly desired: number; readonly running: number }> {
    const request = new DescribeServicesCommand({ cluster: this.cluster, services: [this.name] });
    const { services: [service] = [] } = await this.#ecs.send(request);
    return { desired: service?.desiredCount ?? -1, running: service?.runningCount ?? -1 };
  }

  close(): void {
    this.#ecs.destroy();
  }
}
