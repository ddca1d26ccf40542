import { expect, test } from "vitest";

import { makeConsumerHandler } from "../../lambdas/consumer/handler.ts";
import type { PublishedEvent } from "../../lambdas/domain/routing/published-event.ts";
import { METRICS } from "../../lambdas/settings/metrics.ts";
import { batchOf, lambdaContext, webhookOf } from "../../tools/cloud-in-memory/builders.ts";
import { consumerOver } from "../../tools/cloud-in-memory/runtime.ts";
import { startDynamoDb } from "../support/dynalite.ts";
import { anAwsError } from "../support/fake-bus.ts";
import { keptTelemetry } from "../support/telemetry.ts";

const AT = Date.UTC(2026, 10, 23, 20);

test("counts and publishes the first of two events of one millisecond when the merge of the second fails for the moment", async () => {
  await using dynamo = await startDynamoDb();
  let merges = 0;
  dynamo.client.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        if (commandName === "UpdateItemCommand") merges += 1;
        if (commandName === "UpdateItemCommand" && merges > 1) throw anAwsError("Throttled", 400);
        return next(args);
      },
    { step: "initialize" },
  );
  const published: PublishedEvent[] = [];
  const { metrics, kept } = keptTelemetry();
  const publisher = {
    async publish(events: readonly PublishedEvent[]) {
      published.push(...events);
      return events.map(() => null);
    },
  };
  const handle = makeConsumerHandler(consumerOver({ store: dynamo.store, metrics, publisher }));

  const batch = batchOf([
    webhookOf("pending_review", "JA-1", AT),
    webhookOf("pending_documents", "JA-1", AT),
  ]);
  const answer = await handle(batch, lambdaContext());

  expect(answer.batchItemFailures).toHaveLength(1);
  expect(published.map(({ eventType }) => eventType)).toEqual(["pending_review"]);
  expect(kept.metric(METRICS.applicationsByOutcome, "manual-review")).toBe(1);
});
