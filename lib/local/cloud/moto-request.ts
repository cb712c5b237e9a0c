import type { Endpoints } from './endpoints.ts';
import type { Json } from './json.ts';

export interface MotoRequest {
  /** As in a credential scope: `sqs`, `scheduler`. */
  readonly service: string;
  /** Of the JSON protocols: `AmazonSQS.CreateQueue`. */
  readonly target?: string;
  /** @default / */
  readonly path?: string;
  readonly body: Json;
}

/** Calls a service of moto for which no SDK client is among the dependencies. moto reads the service from the signature and checks no more of it. */
export async function motoRequest({ aws, region }: Endpoints, { service, target, path = '/', body }: MotoRequest): Promise<Json> {
  const response = await fetch(`${aws}${path}`, {
    method: 'POST',
    headers: {
      authorization: `AWS4-HMAC-SHA256 Credential=local/20000101/${region}/${service}/aws4_request, SignedHeaders=host, Signature=none`,
      'content-type': target ? 'application/x-amz-json-1.0' : 'application/json',
      ...(target && { 'x-amz-target': target }),
    },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${service} ${target ?? path}: HTTP ${response.status} ${text.slice(0, 500)}`);
  return text === '' ? null : (JSON.parse(text) as Json);
}
