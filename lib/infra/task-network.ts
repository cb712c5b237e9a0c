import { Fn, Validations } from 'aws-cdk-lib';
import {
  FlowLogDestination,
  FlowLogTrafficType,
  GatewayVpcEndpointAwsService,
  IpAddresses,
  type ISecurityGroup,
  type ISubnet,
  type IVpc,
  Peer,
  Port,
  SecurityGroup,
  Subnet,
  SubnetType,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
import type { Config } from '../domain/config/config.ts';
import { houseLogGroup } from './house-log-group.ts';

type Existing = Extract<Config['network'], { mode: 'existing' }>;
type Own = Exclude<Config['network'], { mode: 'existing' }>;

/** Where the tasks run: a small VPC of their own, or subnets of the one in which the databases are. */
export class TaskNetwork extends Construct {
  readonly vpc: IVpc;
  readonly subnets: readonly ISubnet[];
  readonly securityGroups: readonly ISecurityGroup[];
  readonly assignPublicIp: boolean;

  constructor(scope: Construct, id: string, network: Config['network']) {
    super(scope, id);
    if (network.mode === 'existing') {
      this.vpc = this.joined(network);
      this.subnets = network.subnetIds.map((subnetId, i) => Subnet.fromSubnetId(this, `Subnet${i}`, subnetId));
      this.assignPublicIp = network.assignPublicIp;
    } else {
      this.vpc = this.own(network);
      this.subnets = network.mode === 'public' ? this.vpc.publicSubnets : this.vpc.privateSubnets;
      this.assignPublicIp = network.mode === 'public';
    }
    const given = network.mode === 'existing' ? network.securityGroupIds : undefined;
    this.securityGroups = given
      ? given.map((groupId, i) => SecurityGroup.fromSecurityGroupId(this, `Group${i}`, groupId, { mutable: false }))
      : [this.closedGroup()];
  }

  /** By ids alone: a look-up would need credentials at synth. */
  private joined({ vpcId, subnetIds }: Existing): IVpc {
    Validations.of(this).acknowledge({
      id: 'Annotation::@aws-cdk/aws-ec2:noSubnetRouteTableId',
      reason: 'Tasks only run in these subnets; nothing here touches their routes',
    });
    return Vpc.fromVpcAttributes(this, 'Vpc', {
      vpcId,
      availabilityZones: subnetIds.map((_, i) => Fn.select(i, Fn.getAzs())),
    });
  }

  private own({ mode, cidr }: Own): IVpc {
    const subnets = [{ name: 'public', subnetType: SubnetType.PUBLIC, cidrMask: 27 }];
    if (mode === 'nat') subnets.push({ name: 'private', subnetType: SubnetType.PRIVATE_WITH_EGRESS, cidrMask: 27 });
    const vpc = new Vpc(this, 'Vpc', {
      ipAddresses: IpAddresses.cidr(cidr),
      maxAzs: 2,
      natGateways: mode === 'nat' ? 1 : 0,
      subnetConfiguration: subnets,
      // the default group is used by nobody; closing it would take a custom resource with a function of its own
      restrictDefaultSecurityGroup: false,
    });
    vpc.addFlowLog('FlowLog', {
      destination: FlowLogDestination.toCloudWatchLogs(houseLogGroup(this, 'FlowLogs')),
      trafficType: FlowLogTrafficType.REJECT,
    });
    // backups go to S3 by the gateway: no NAT charge per GB, and free
    vpc.addGatewayEndpoint('S3', { service: GatewayVpcEndpointAwsService.S3 });
    return vpc;
  }

  /** For tasks that run what others wrote: nothing in, and out only to what speaks TLS on its own port, as S3 does. */
  tlsOnlyGroup(): ISecurityGroup {
    const group = new SecurityGroup(this, 'TlsOnlyGroup', {
      vpc: this.vpc,
      description: 'nightproof drills: nothing in, only HTTPS out',
      allowAllOutbound: false,
    });
    group.addEgressRule(Peer.anyIpv4(), Port.tcp(443), 'S3, logs and the registry of images');
    return group;
  }

  private closedGroup(): ISecurityGroup {
    return new SecurityGroup(this, 'Group', {
      vpc: this.vpc,
      description: 'nightproof tasks: nothing in, anything out (databases, S3, AWS)',
      allowAllOutbound: true,
    });
  }
}
