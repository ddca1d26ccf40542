import { SendMessageBatchCommand, SQS } from "@aws-sdk/client-sqs";

import { PutItemCommand } from "@aws-sdk/client-dynamodb";
import type { DynamoDB } from "@aws-sdk/client-dynamodb";
import { marshall } from "@aws-sdk/util-dynamodb";
import {
  applicationKey,
  dueShardOf,
  eventKey,
} from "../../../lambdas/adapters/dynamo/application-item.ts";
import { DynamoDueApplications } from "../../../lambdas/adapters/dynamo/dynamo-due-applications.ts";
import { SqsEventQueue } from "../../../lambdas/adapters/sqs-event-queue.ts";
import { encodeEnvelope } from "../../../lambdas/domain/event/envelope.ts";
import type { Envelope } from "../../../lambdas/domain/event/envelope.ts";
import { METRICS } from "../../../lambdas/settings/metrics.ts";
import { makeMetrics } from "../../../lambdas/telemetry/metrics.ts";
import { consumerSettings } from "../../../lib/config/function-settings.ts";
import { environment } from "../../../lib/proofs/environment.ts";
import { violations } from "../../../lib/proofs/inequality.ts";
import { SANDBOX } from "../../../lib/config/default-stages.ts";
import { changeCalls, refuseBeyondLimits } from "../../../tools/strict-aws/strict-client.ts";
import { synthesise } from "../../../tools/template/synthesise.ts";
import { isRecord } from "../../../tools/template/template.ts";
import { mostItemsHeld, putOpenGaps } from "../../support/open-gaps.ts";
import { startDynamoDb } from "../../support/dynalite.ts";
import { embeddedMetricsIn } from "../../../tools/strict-aws/embedded-metric-format.ts";
import { aPollEnvelope } from "../../support/poll-envelope.ts";
import type { Mutants } from "./mutant.ts";
import { answered } from "../../../tools/cloud-in-memory/clients.ts";

/** Bugs that only AWS's limits show, each hunted by what stands in front of the doubles. */
export const LIMIT_MUTANTS: Mutants = {
  "journeys-in-the-environment": {
    what: "a function's settings stand in its environment, which grows with the Journeys",
    async hunt(isPlanted) {
      const tokens = Array.from(
        { length: 200 },
        (_, index) => `J-${String(index).padStart(20, "V")}`,
      );
      const stage = { ...SANDBOX, journeys: tokens };
      const { resources } = synthesise(stage);
      const typeOf = (id: string) => resources.find(({ logicalId }) => logicalId === id)?.Type;
      const findings = resources
        .filter(({ Type }) => Type === "AWS::Lambda::Function")
        .flatMap(({ logicalId, Properties: { Environment } }) => {
          const variables = isRecord(Environment) ? Environment["Variables"] : undefined;
          const planted = isPlanted ? { SETTINGS: JSON.stringify(consumerSettings(stage)) } : {};
          const all = { ...(isRecord(variables) && variables), ...planted };
          return violations(environment(logicalId, all, typeOf));
        });
      return findings[0] ?? null;
    },
  },
  "history-by-the-first-page": {
    what: "an application's history is the first page of a query, and the rest is never asked for",
    async hunt(isPlanted) {
      // A double whose pages end after two items shows it without a megabyte.
      const EVENTS = 5;
      await using dynamo = await startDynamoDb({ pageItems: 2 });
      const { client, applicationTableName: tableName } = dynamo;
      for (let number = 0; number < EVENTS; number += 1) {
        const [eventId, eventAt] = [`event-${number}`, 1_760_000_000_000 + number];
        const item = {
          ...eventKey("JA-1", eventId, eventAt),
          eventId,
          eventAt,
          receivedAt: eventAt,
          type: "pending_action",
          origin: "webhook",
        };
        await client.send(new PutItemCommand({ TableName: tableName, Item: marshall(item) }));
      }
      if (isPlanted) leaveOutPages(client);
      const { events } = await new DynamoDueApplications(client, tableName).history("JA-1");
      return events.length === EVENTS ? null : `of ${EVENTS} events, ${events.length} were read`;
    },
  },
  "behind-by-the-first-page": {
    what: "what is behind is counted in the first page of each shard, however many more there are",
    async hunt(isPlanted) {
      const BEHIND = 60;
      await using dynamo = await startDynamoDb({ pageItems: 2 });
      const { client, applicationTableName: tableName } = dynamo;
      for (let number = 0; number < BEHIND; number += 1) {
        const token = `JA-${number}`;
        const entry = { duePk: dueShardOf(token), dueAt: number };
        const Item = marshall({ ...applicationKey(token), ...entry });
        await client.send(new PutItemCommand({ TableName: tableName, Item }));
      }
      if (isPlanted) leaveOutPages(client);
      const counted = await new DynamoDueApplications(client, tableName).countDue(BEHIND);
      return counted === BEHIND ? null : `of ${BEHIND} applications, ${counted} were counted`;
    },
  },
  "gaps-read-as-a-whole": {
    what: "a run reads every open gap at once: a million of them take all of its memory",
    async hunt(isPlanted) {
      const [GAPS, MOST] = [60, 10];
      await using dynamo = await startDynamoDb();
      const { client, applicationTableName: tableName } = dynamo;
      await putOpenGaps(client, tableName, { count: GAPS, since: 0 });
      const held = mostItemsHeld(client);
      if (isPlanted) {
        changeCalls(client, (_, input) => ({ ...input, Limit: undefined, Select: undefined }));
      }
      await new DynamoDueApplications(client, tableName).openGaps(GAPS, MOST);
      return held() <= MOST
        ? null
        : `${held()} gaps were held at once, where ${MOST} were asked for`;
    },
  },
  "batch-by-count-alone": {
    what: "ten messages make a batch, whatever they weigh together",
    async hunt(isPlanted) {
      const client = answered(new SQS({ region: "us-east-1" }), (input) => {
        const entries = "Entries" in input && Array.isArray(input.Entries) ? input.Entries : [];
        const Successful = entries.map(({ Id }: { readonly Id?: string | undefined }) => ({
          Id,
          MessageId: `m-${Id}`,
        }));
        return { Successful };
      });
      const refused = refuseBeyondLimits(client);
      const envelopes = Array.from({ length: 10 }, () => aPollEnvelope("x".repeat(200_000)));
      const queue = new SqsEventQueue(client, "https://sqs.us-east-1.amazonaws.com/1/events");
      const send = isPlanted ? () => sendTogether(client, envelopes) : () => queue.send(envelopes);
      await send().catch(() => undefined);
      return refused[0]?.refusal.message ?? null;
    },
  },
  "metric-of-any-number-of-values": {
    what: "a line of metrics holds every value that was measured, also the hundred and first",
    async hunt(isPlanted) {
      const now = 1_760_000_000_000;
      const lines: string[] = [];
      const metrics = makeMetrics({
        stage: "sandbox",
        write: (line) => lines.push(line),
        now: () => now,
      });
      for (let value = 0; value < 101; value += 1) {
        metrics.milliseconds(METRICS.deliveryLatency, value);
      }
      metrics.flush();
      const written = isPlanted ? [joined(lines)] : lines;
      try {
        for (const line of written) embeddedMetricsIn(line, now);
        return null;
      } catch (error) {
        return error instanceof Error ? error.message.slice(0, 200) : "no error";
      }
    },
  },
};

/** As if the first page were all. */
function leaveOutPages(client: DynamoDB): void {
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      if ("LastEvaluatedKey" in result.output) result.output.LastEvaluatedKey = undefined;
      return result;
    },
    { step: "initialize" },
  );
}

async function sendTogether(client: SQS, envelopes: readonly Envelope[]): Promise<void> {
  const Entries = envelopes.map((envelope, index) => ({
    Id: String(index),
    MessageBody: encodeEnvelope(envelope),
  }));
  await client.send(new SendMessageBatchCommand({ QueueUrl: "events", Entries }));
}

/** The same values in one line. */
function joined(lines: readonly string[]): string {
  const parts = lines.map((line): Record<string, unknown> => JSON.parse(line));
  const values = parts.flatMap((part) => part[METRICS.deliveryLatency]);
  return JSON.stringify({ ...parts[0], [METRICS.deliveryLatency]: values });
}
