import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { awsClient, type Endpoints } from './endpoints.ts';
import { inputFor, inputProblems } from './event-input.ts';
import { type CloudEvent, matches, patternProblems } from './event-pattern.ts';
import { STATUS_CHANGE } from './execution-status-event.ts';
import { type Json, type JsonObject, objectIn, textIn, textOf } from './json.ts';
import { motoRequest } from './moto-request.ts';
import { StatesError } from './states-error.ts';

/** A rule that would not do here what it does on AWS. */
class UnsupportedRule extends Error {
  constructor(rule: string, problems: readonly string[]) {
    super(`The local cloud cannot deliver the events of rule ${rule}: ${problems.join('; ')}`);
    this.name = 'UnsupportedRule';
  }
}

/** One event handed to one target, and the error of the last try where all failed. */
export interface Delivery {
  readonly rule: string;
  readonly targetArn: string;
  readonly event: CloudEvent;
  readonly error?: string;
}

interface Rule {
  readonly name: string;
  readonly pattern: JsonObject;
  readonly targets: readonly JsonObject[];
}

export interface RulePorts {
  readonly invokeFunction: (arn: string, payload: Json) => Promise<Json>;
  /** Pauses between tries, in seconds. */
  readonly pause: (seconds: number) => Promise<void>;
}

/** Lambda calls a function that failed twice more, after one minute and after two. */
const PAUSES_SECONDS = [60, 120];

const TARGET_FIELDS = ['Arn', 'DeadLetterConfig', 'Id', 'Input', 'InputPath', 'InputTransformer', 'RetryPolicy'];

/** EventBridge, as far as it tells of executions: the deployed rules, and what they hand to functions and topics. */
export class EventRules {
  /** All that was handed over so far. */
  readonly deliveries: Delivery[] = [];
  readonly #rules: readonly Rule[];
  readonly #endpoints: Endpoints;
  readonly #ports: RulePorts;
  readonly #pending = new Set<Promise<void>>();

  private constructor(rules: readonly Rule[], endpoints: Endpoints, ports: RulePorts) {
    this.#rules = rules;
    this.#endpoints = endpoints;
    this.#ports = ports;
  }

  /** The rules that are deployed. Throws UnsupportedRule before anything is started. */
  static async over(endpoints: Endpoints, ports: RulePorts): Promise<EventRules> {
    const { Rules } = objectIn(await call(endpoints, 'ListRules', {}));
    const rules: Rule[] = [];
    for (const found of (Rules ?? []) as JsonObject[]) {
      const name = textOf(found.Name);
      const { Targets } = objectIn(await call(endpoints, 'ListTargetsByRule', { Rule: name }));
      const rule = checked(name, found, (Targets ?? []) as JsonObject[]);
      if (found.State !== 'DISABLED') rules.push(rule);
    }
    return new EventRules(rules, endpoints, ports);
  }

  /** Hands an event to the targets of every rule that it matches. `settled` waits for them. */
  deliver(event: CloudEvent): void {
    for (const { name, pattern, targets } of this.#rules)
      if (matches(pattern, event))
        for (const target of targets) {
          const handed = this.#hand(name, target, event).finally(() => this.#pending.delete(handed));
          this.#pending.add(handed);
        }
  }

  /** When nothing is under way any more. */
  async settled(): Promise<void> {
    while (this.#pending.size > 0) await Promise.all(this.#pending);
  }

  async #hand(rule: string, target: JsonObject, event: CloudEvent): Promise<void> {
    const targetArn = textOf(target.Arn);
    const error = await this.#send(targetArn, inputFor(target, event)).then(
      () => undefined,
      (thrown: Error) => `${thrown.name}: ${thrown.message}`,
    );
    this.deliveries.push({ rule, targetArn, event, ...(error !== undefined && { error }) });
  }

  #send(arn: string, input: string): Promise<unknown> {
    return isFunction(arn) ? this.#invoke(arn, JSON.parse(input) as Json) : this.#publish(arn, input);
  }

  async #invoke(arn: string, payload: Json): Promise<void> {
    for (const pauseSeconds of [...PAUSES_SECONDS, undefined]) {
      try {
        await this.#ports.invokeFunction(arn, payload);
        return;
      } catch (error) {
        if (pauseSeconds === undefined || !(error instanceof StatesError)) throw error;
        await this.#ports.pause(pauseSeconds);
      }
    }
  }

  async #publish(TopicArn: string, input: string): Promise<void> {
    const sns = new SNSClient(awsClient(this.#endpoints));
    // as it is, the quotes of a text included: so it is on AWS
    await sns.send(new PublishCommand({ TopicArn, Message: input })).finally(() => sns.destroy());
  }
}

function checked(name: string, rule: JsonObject, targets: readonly JsonObject[]): Rule {
  const pattern = objectIn(JSON.parse(textIn(rule.EventPattern) ?? '{}') as Json);
  const problems = [
    ...(rule.ScheduleExpression === undefined || rule.ScheduleExpression === null ? [] : ['it is a schedule']),
    ...((pattern['detail-type'] as Json[] | undefined)?.includes(STATUS_CHANGE)
      ? patternProblems(pattern)
      : [`it is not for "${STATUS_CHANGE}"`]),
    ...targets.flatMap(targetProblems),
  ];
  if (problems.length > 0) throw new UnsupportedRule(name, problems);
  return { name, pattern, targets };
}

function targetProblems(target: JsonObject): string[] {
  const arn = textOf(target.Arn);
  const problems = [
    ...(isFunction(arn) || /^arn:aws[\w-]*:sns:/.test(arn) ? [] : ['it is neither a function nor a topic']),
    ...Object.keys(target)
      .filter((field) => !TARGET_FIELDS.includes(field))
      .map((field) => `it has ${field}`),
    ...inputProblems(target),
  ];
  return problems.map((problem) => `target ${arn}: ${problem}`);
}

const isFunction = (arn: string): boolean => /^arn:aws[\w-]*:lambda:/.test(arn);

const call = (endpoints: Endpoints, action: string, body: Json): Promise<Json> =>
  motoRequest(endpoints, { service: 'events', target: `AWSEvents.${action}`, body });
