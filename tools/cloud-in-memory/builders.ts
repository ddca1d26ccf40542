import { readFileSync } from "node:fs";

import type { APIGatewayProxyEventV2, Context, SQSEvent } from "aws-lambda";

import { encodeEnvelope } from "../../lambdas/domain/event/envelope.ts";
import type { JourneyEvent } from "../../lambdas/domain/event/journey-event.ts";
import type { AlloyAnswer, AlloyApi } from "../../lambdas/domain/polling/polling-ports.ts";
import { parseAlloyApplication } from "../../lambdas/domain/reconciliation/alloy-application.ts";
import { WEBHOOK_PATH } from "../../lambdas/settings/names.ts";
import { sqsEventOf } from "./event-source.ts";

const ROUTE_KEY = `POST ${WEBHOOK_PATH}`;

/** A request as Lambda gets it from an HTTP API in payload format 2.0; from Alloy's address unless said otherwise. */
export function requestOf(
  changes: Pick<Partial<APIGatewayProxyEventV2>, "headers" | "body" | "isBase64Encoded"> & {
    readonly query?: string;
    readonly requestId?: string;
    readonly sourceIp?: string;
    readonly protocol?: string;
    /** Epoch milliseconds. */
    readonly at?: number;
  },
): APIGatewayProxyEventV2 {
  const { query = "", requestId = "receipt", sourceIp = "52.7.221.27", at = 0, ...given } = changes;
  const { protocol = "HTTP/1.1", headers = {}, isBase64Encoded = false, ...body } = given;
  const host = headers["host"] ?? "";
  const userAgent = headers["user-agent"] ?? "";
  return {
    version: "2.0",
    routeKey: ROUTE_KEY,
    rawPath: WEBHOOK_PATH,
    rawQueryString: query,
    headers,
    requestContext: {
      accountId: "123456789012",
      apiId: "api",
      domainName: host,
      domainPrefix: host,
      http: { method: "POST", path: WEBHOOK_PATH, protocol, sourceIp, userAgent },
      requestId,
      routeKey: ROUTE_KEY,
      stage: "$default",
      time: new Date(at).toUTCString(),
      timeEpoch: at,
    },
    ...body,
    isBase64Encoded,
  };
}

/** What Lambda says of an invocation. @param remainingMs - until its time-out. */
export function lambdaContext(
  remainingMs: () => number = () => 30_000,
  awsRequestId = "request",
): Context {
  return {
    awsRequestId,
    getRemainingTimeInMillis: remainingMs,
    callbackWaitsForEmptyEventLoop: false,
    functionName: "",
    functionVersion: "",
    invokedFunctionArn: "",
    memoryLimitInMB: "",
    logGroupName: "",
    logStreamName: "",
    done() {},
    fail() {},
    succeed() {},
  };
}

/** The fixture's webhook of this type, as another application's and of another time. */
export function webhookOf(type: string, applicationToken: string, at: number): string {
  const file = new URL(`../../test/fixtures/events/${type}.json`, import.meta.url);
  const webhook: { data: Record<string, unknown> } = JSON.parse(readFileSync(file, "utf8"));
  const externalId = `acct-${applicationToken.slice(-12)}`;
  const data = {
    ...webhook.data,
    journey_application_token: applicationToken,
    timestamp: at,
    external_group_id: externalId,
  };
  return JSON.stringify({ ...webhook, timestamp: at + 153, data });
}

let messages = 0;

/** One batch as SQS delivers it the first time, each of these in a message of its own. @param sentAt - epoch milliseconds */
export function batchOfMessages(bodies: readonly string[], sentAt = Date.now()): SQSEvent {
  return sqsEventOf(
    bodies.map((body) => {
      messages += 1;
      const messageId = `message-${messages}`;
      const once = { receives: 1, sentAt, firstReceivedAt: sentAt, visibleAt: sentAt };
      return { messageId, receiptHandle: messageId, body, attributes: {}, ...once };
    }),
  );
}

/** The same batch, as SQS delivers it for the nth time: one number for all, or one for each message. */
export function received({ Records }: SQSEvent, receives: number | readonly number[]): SQSEvent {
  return {
    Records: Records.map((record, index) => {
      const times = typeof receives === "number" ? receives : receives[index];
      const attributes = { ...record.attributes, ApproximateReceiveCount: String(times) };
      return { ...record, attributes };
    }),
  };
}

/** One batch, each webhook in an envelope of its own. @param receivedAt - of all, epoch milliseconds */
export function batchOf(webhooks: readonly string[], receivedAt = Date.now()): SQSEvent {
  return batchOfMessages(
    webhooks.map((body, index) =>
      encodeEnvelope({
        v: 1,
        kind: "webhook",
        receiptId: `receipt-${messages + index + 1}`,
        receivedAt,
        body,
        payloadKey: null,
        sourceIp: "52.7.221.27",
      }),
    ),
    receivedAt,
  );
}

/** What Get Journey Application says about these events. */
export function alloyAnswer(
  applicationToken: string,
  events: readonly JourneyEvent[],
  changes: Readonly<Record<string, unknown>> = {},
): AlloyAnswer {
  const body = JSON.stringify({
    journey_application_token: applicationToken,
    status: "running",
    sandbox: true,
    updated_at: 1_760_000_000_000,
    ...changes,
    _embedded: {
      journey: { journey_token: "J-1", journey_name: "Onboarding" },
      events: events.map((event) => ({
        type: event.type,
        timestamp: event.at,
        outcome: event.outcome,
        entity_token: event.entityToken,
        entity_application_token: event.entityApplicationToken,
        journey_application_event_token: event.eventToken,
        _embedded: { node: event.node },
      })),
    },
  });
  const parsed = parseAlloyApplication(body, { applicationToken, journeyToken: "J-1" });
  if ("reason" in parsed) throw new Error(parsed.reason);
  return { kind: "application", application: parsed.application };
}

/** What an account without Investigations is answered. */
export const refuseList: AlloyApi["listInvestigations"] = async () => ({
  kind: "failed",
  cause: "refused",
  retryAfterMs: null,
});

/** An Alloy that answers for its applications, and has no Investigations. */
export function alloyThatAnswers(
  getApplication: (
    ...asked: Parameters<AlloyApi["getApplication"]>
  ) => AlloyAnswer | Promise<AlloyAnswer>,
): AlloyApi {
  return {
    getApplication: async (...asked) => getApplication(...asked),
    listInvestigations: refuseList,
    renewCredentials() {},
  };
}
