import { createHmac } from "node:crypto";

import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from "aws-lambda";

import type { AwsFailure, StoreOutcome } from "../../lambdas/domain/aws-failure.ts";
import type { WebhookSecretSource } from "../../lambdas/ingest/credential-cache.ts";
import { makeIngestHandler } from "../../lambdas/ingest/handler.ts";
import type { AllowListSettings, AuthSettings } from "../../lambdas/settings/ingest-settings.ts";
import type { MetricName } from "../../lambdas/settings/metrics.ts";
import { makeLineLogger } from "../../lambdas/telemetry/line-logger.ts";
import { makeMetrics } from "../../lambdas/telemetry/metrics.ts";
import { requestOf } from "../../tools/cloud-in-memory/builders.ts";
import { ingestOver } from "../../tools/cloud-in-memory/runtime.ts";

const USERNAME = "alloy";
const PASSWORD = "correct horse battery";

/** The clock of these tests, unless a test brings its own. */
const NOW = Date.UTC(2026, 10, 23, 20);

/** What the error of a defect says; it must not get anywhere. */
export const DEFECT = "MARKED-DEFECT";

/** The header of Basic authentication. */
export function basicOf(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

/** The header of an HMAC signature. */
export function signatureOf(key: string | Uint8Array, body: string | Uint8Array): string {
  return createHmac("sha256", key).update(body).digest("base64");
}

/** An event of an HTTP API as Lambda gets it; authentic unless said otherwise. */
export function aRequest(
  options: {
    readonly body?: string | Uint8Array;
    readonly authorization?: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly requestId?: string;
    readonly sourceIp?: string;
    /** What API Gateway's authorizer says; absent where the route has none. */
    readonly authorizer?: unknown;
  } = {},
): APIGatewayProxyEventV2 {
  const { body = "{}", authorization = basicOf(USERNAME, PASSWORD) } = options;
  const event = requestOf({
    headers: options.headers ?? { authorization, "content-type": "application/json" },
    body: typeof body === "string" ? body : Buffer.from(body).toString("base64"),
    isBase64Encoded: typeof body !== "string",
    ...(options.requestId !== undefined && { requestId: options.requestId }),
    ...(options.sourceIp !== undefined && { sourceIp: options.sourceIp }),
  });
  if (!("authorizer" in options)) return event;
  const requestContext = { ...event.requestContext, authorizer: options.authorizer };
  return { ...event, requestContext };
}

/** Ingest over memory, with what it stored, wrote and counted. */
export function anIngest(
  options: {
    readonly auth?: AuthSettings;
    readonly allowListMode?: AllowListSettings["mode"];
    readonly secret?: unknown;
    readonly secretText?: string;
    readonly secretFailure?: AwsFailure;
    /** In place of all the above: where the secret is read each time. */
    readonly secretSource?: WebhookSecretSource;
    readonly now?: () => number;
    readonly queueFailure?: AwsFailure;
    readonly bucketFailure?: AwsFailure;
    /** A port that throws, as none of them should. */
    readonly defectIn?: "allowList" | "authorize" | "queue" | "payloads";
  } = {},
) {
  const now = options.now ?? (() => NOW);
  const lines: string[] = [];
  const messages: string[] = [];
  const payloads = new Map<string, Uint8Array>();
  const write = (line: string) => void lines.push(line);
  const logger = makeLineLogger(write);
  const metrics = makeMetrics({ stage: "test", write, now });
  const secret = options.secret ?? { basic: [{ username: USERNAME, password: PASSWORD }] };
  const outcome = (failure: AwsFailure | undefined): StoreOutcome =>
    failure === undefined ? { stored: true } : { stored: false, cause: failure };

  const broken = (): never => {
    throw new RangeError(DEFECT);
  };
  const defect = {
    allowList: broken,
    authorize: broken,
    queue: { send: broken },
    payloads: { put: broken },
  };

  const handler = makeIngestHandler(
    ingestOver({
      auth: options.auth ?? "secret",
      allowListMode: options.allowListMode ?? "observe",
      secret: options.secretSource ?? {
        read: () =>
          Promise.resolve(
            options.secretFailure === undefined
              ? { text: options.secretText ?? JSON.stringify(secret) }
              : { failure: options.secretFailure },
          ),
      },
      queue: {
        send(message) {
          if (options.queueFailure === undefined) messages.push(message);
          return Promise.resolve(outcome(options.queueFailure));
        },
      },
      payloads: {
        put(key, bytes) {
          if (options.bucketFailure === undefined) payloads.set(key, bytes);
          return Promise.resolve(outcome(options.bucketFailure));
        },
      },
      now,
      metrics,
      logger,
      ...(options.defectIn !== undefined && { [options.defectIn]: defect[options.defectIn] }),
    }),
  );

  return {
    now,
    lines,
    messages,
    payloads,
    handle: (event: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2> =>
      handler(event),
    /** Sum of a metric over the lines that carry exactly these dimensions besides the stage. */
    counted: (name: MetricName, dimensions: Readonly<Record<string, string>> = {}) =>
      countedIn(lines, name, dimensions),
  };
}

/** Ingest after one request, with its answer. */
export async function postTo(
  options: Parameters<typeof anIngest>[0],
  request: Parameters<typeof aRequest>[0] = {},
) {
  const ingest = anIngest(options);
  return { ...ingest, answer: await ingest.handle(aRequest(request)) };
}

interface EmbeddedMetricLine {
  readonly _aws?: { readonly CloudWatchMetrics: readonly [{ readonly Dimensions: [string[]] }] };
  readonly [name: string]: unknown;
}

/** Sum of a metric over lines in embedded metric format with exactly these dimensions and the stage. */
export function countedIn(
  lines: readonly string[],
  name: MetricName,
  dimensions: Readonly<Record<string, string>> = {},
): number {
  const wanted = JSON.stringify(["Stage", ...Object.keys(dimensions)]);
  let sum = 0;
  for (const line of lines) {
    // What is usual stands in lines without names, which metric filters read.
    if (!line.startsWith("{")) continue;
    const entry: EmbeddedMetricLine = JSON.parse(line);
    const isSet = JSON.stringify(entry._aws?.CloudWatchMetrics[0].Dimensions[0]) === wanted;
    const isEqual = Object.entries(dimensions).every(([key, value]) => entry[key] === value);
    if (isSet && isEqual) sum += Number(entry[name] ?? 0);
  }
  return sum;
}
