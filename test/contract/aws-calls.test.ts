import { NoSuchKey, S3 } from "@aws-sdk/client-s3";
import { SQS } from "@aws-sdk/client-sqs";
import { afterAll, describe, expect, it } from "vitest";

import { applicationKey, EFFECTS_FROM } from "../../lambdas/adapters/dynamo/application-item.ts";
import { makeAwsClient } from "../../lambdas/adapters/aws-http/aws-client.ts";
import { AwsDeliveries } from "../../lambdas/adapters/aws-deliveries.ts";
import { CloudWatchOutcomeCounts } from "../../lambdas/adapters/cloud-watch-outcome-counts.ts";
import { DynamoStatementSources } from "../../lambdas/adapters/dynamo/dynamo-statement-sources.ts";
import { DynamoInvestigations } from "../../lambdas/adapters/dynamo/dynamo-investigations.ts";
import { EventBridgeGapAnnouncer } from "../../lambdas/adapters/event-bridge-gap-announcer.ts";
import { EventBridgePublisher } from "../../lambdas/adapters/event-bridge-publisher.ts";
import { KmsSigner } from "../../lambdas/adapters/kms-signer.ts";
import { DynamoIdempotencyRecords } from "../../lambdas/adapters/dynamo/dynamo-idempotency-records.ts";
import { PowertoolsIdempotency } from "../../lambdas/adapters/powertools-idempotency.ts";
import { S3PayloadBucket } from "../../lambdas/adapters/aws-http/s3-payload-bucket.ts";
import { S3PayloadReader } from "../../lambdas/adapters/s3-payload-reader.ts";
import { S3StatementArchive } from "../../lambdas/adapters/s3-statement-archive.ts";
import { SecretsManagerSecret } from "../../lambdas/adapters/aws-http/secrets-manager-secret.ts";
import { SqsEnvelopeQueue } from "../../lambdas/adapters/aws-http/sqs-envelope-queue.ts";
import { SqsEventQueue } from "../../lambdas/adapters/sqs-event-queue.ts";
import { SqsDeadLetters, SqsQueueMessages } from "../../lambdas/adapters/sqs-queues.ts";
import type { ApplicationState } from "../../lambdas/domain/application/application-state.ts";
import { bareState, forgottenState } from "../../lambdas/domain/application/application-state.ts";
import { stateOfEvent } from "../../lambdas/domain/application/observation.ts";
import { EFFECTS, INGEST } from "../../lambdas/settings/limits.ts";
import { ROUTE_IDS } from "../../lambdas/settings/routes.ts";
import { callsOf, FUNCTIONS } from "../../tools/strict-aws/iam/declared-calls.ts";
import type { FunctionName, PortRights } from "../../tools/strict-aws/iam/declared-calls.ts";
import { startStrictProxy } from "../../tools/strict-aws/strict-proxy.ts";
import { cloudWatchThat } from "../support/cloud-watch.ts";
import { startDynamoDb } from "../support/dynalite.ts";
import { aBusClient, taken } from "../support/fake-bus.ts";
import { startFaultyAws } from "../support/faulty-aws.ts";
import { A_GAP_NOTICE, AN_INVESTIGATION_GAP_NOTICE } from "../support/gap-notice.ts";
import {
  accessKeyOf,
  askedCalls,
  callerOf,
  guarded,
  inRoleOf,
  questionOf,
  refusedCalls,
  sandboxGuard,
  sandboxPolicies,
} from "../support/iam.ts";
import { AN_INVESTIGATION_EVENT, AN_INVESTIGATION_FAILURE } from "../support/investigations.ts";
import { aJourneyEvent } from "../support/journey-event.ts";
import { s3Over } from "../support/memory-s3.ts";
import { aFailureRecord, anEventRecord, aPublishedEvent } from "../support/records.ts";
import { makeSigningKey } from "../support/signing-key.ts";
import { aPollEnvelope } from "../support/poll-envelope.ts";
import { answered } from "../../tools/cloud-in-memory/clients.ts";

const NOW = Date.UTC(2026, 10, 23, 20);

/** What the proxy has refused, by IAM or by a limit. */
const refusedOnTheWire: string[] = [];

/** The adapters of a function, each by the name of its port. */
function inRole<Ports extends Readonly<Record<string, object>>>(
  name: FunctionName,
  ports: Ports,
): Ports {
  const entries = Object.entries(ports);
  return Object.assign(
    ports,
    Object.fromEntries(entries.map(([port, adapter]) => [port, inRoleOf(name, port, adapter)])),
  );
}

/** Every adapter of every function, each over a double of what it calls, each in its function's role. */
async function openAdapters() {
  const dynamo = await startDynamoDb();
  const aws = await startFaultyAws({ token: "token", secret: "secret" });
  const proxy = await startStrictProxy({
    target: aws.url,
    guard: sandboxGuard(),
    callerOf,
    onRefused: (sentence) => refusedOnTheWire.push(sentence),
  });
  const sqs = guarded(aClient(new SQS({ region: "us-east-1" }), AN_ANSWER_OF_SQS));
  const s3 = guarded(aClient(new S3({ region: "us-east-1" }), null));
  const cloudWatch = guarded(cloudWatchThat(() => ({ MetricDataResults: [] })));
  const bus = guarded(aBusClient(taken).client);
  const call = (name: FunctionName, port: string, method: string) =>
    makeAwsClient({
      region: "us-east-1",
      credentials: () => ({
        accessKeyId: accessKeyOf(name, port, method),
        secretAccessKey: "secret",
        sessionToken: undefined,
      }),
      attempts: INGEST.attempts,
      now: Date.now,
    });
  const secretOf = (name: FunctionName, secret: string) =>
    new SecretsManagerSecret(call(name, "secret", "read"), secret, "us-east-1", proxy.url);
  const bucketOf = (name: FunctionName) =>
    new S3PayloadBucket(call(name, "payloads", "put"), "payloads", "us-east-1", proxy.url);
  const queueUrl = "https://sqs.us-east-1.amazonaws.com/123456789012/events";
  const investigations = new DynamoInvestigations(dynamo.client, dynamo.applicationTableName);
  return {
    ingest: {
      queue: new SqsEnvelopeQueue(call("ingest", "queue", "send"), queueUrl, proxy.url),
      payloads: bucketOf("ingest"),
      secret: secretOf("ingest", "webhook"),
    },
    consumer: inRole("consumer", {
      store: dynamo.store,
      investigations,
      idempotency: new PowertoolsIdempotency(
        new DynamoIdempotencyRecords(dynamo.client, dynamo.idempotencyTableName),
      ),
      publisher: new EventBridgePublisher({ client: bus, busName: "bus", sleep: async () => {} }),
      deadLetters: new SqsDeadLetters(sqs, queueUrl.replace("events", "dead-letters")),
      payloads: new S3PayloadReader(s3, "payloads"),
      messages: new SqsQueueMessages(sqs, queueUrl),
    }),
    poller: {
      ...inRole("poller", {
        applications: dynamo.due,
        investigations,
        deliveries: new AwsDeliveries({
          cloudWatch,
          sqs,
          stage: "sandbox",
          apiId: "api",
          queueUrl,
          refusals: { byAuthorizer: false, byAddress: false },
        }),
        outcomes: new CloudWatchOutcomeCounts({ cloudWatch, stage: "sandbox" }),
        queue: new SqsEventQueue(sqs, queueUrl),
        gaps: new EventBridgeGapAnnouncer(bus, "bus"),
      }),
      payloads: bucketOf("poller"),
      secret: secretOf("poller", "alloy"),
    },
    statement: inRole("statement", {
      sources: new DynamoStatementSources(dynamo.client, dynamo),
      archive: new S3StatementArchive(guarded(s3Over(new Map())), "statements"),
      signer: new KmsSigner(guarded(makeSigningKey().kms), "statement-key"),
    }),
    /** From now on: while the numbers of this application's effects are stored, a person forgets it. */
    forgetMeanwhile: async (applicationToken: string): Promise<void> => {
      const { pk, sk } = applicationKey(applicationToken);
      const tombstone = { pk, sk, applicationToken, forgottenAt: NOW, settledAt: NOW };
      dynamo.client.middlewareStack.add(
        (next) => async (given) => {
          const key = JSON.stringify(given.input);
          if (key.includes(`"${pk}"`) && key.includes(EFFECTS_FROM)) await dynamo.put(tombstone);
          return next(given);
        },
        { step: "initialize" },
      );
    },
    async close() {
      await Promise.all([dynamo.close(), proxy.close(), aws.close()]);
    },
  };
}

/** To a message, a batch of one, and a question. */
const AN_ANSWER_OF_SQS = {
  Attributes: {
    ApproximateNumberOfMessages: "0",
    ApproximateNumberOfMessagesNotVisible: "0",
    ApproximateNumberOfMessagesDelayed: "0",
  },
  MessageId: "message",
  Successful: [{ Id: "0", MessageId: "message" }],
};

/** Answers every call with this; S3 with null: the key is not there. */
function aClient<Client extends object>(client: Client, output: object | null): Client {
  return answered(client, () => {
    if (output === null) throw new NoSuchKey({ message: "no", $metadata: {} });
    return output;
  });
}

type Adapters = Awaited<ReturnType<typeof openAdapters>>;

const adapters = await openAdapters();
afterAll(() => adapters.close());
await callEverything(adapters);

describe("the rights that the adapters declare", () => {
  const declared = Object.entries(FUNCTIONS).flatMap(([name, { rights }]) =>
    Object.entries(rights satisfies PortRights).flatMap(([port, methods]) =>
      Object.keys(methods).map((method) => [name, port, method] as const),
    ),
  );

  it.each(declared)("are those that %s needs for %s.%s, and no more", (name, port, method) => {
    const own = askedCalls().filter(
      (one) => one.function === name && one.port === port && one.method === method,
    );
    const rights: PortRights =
      Object.entries(FUNCTIONS).find(([one]) => one === name)?.[1].rights ?? {};
    const right = rights[port]?.[method] ?? [];

    const expected = right.flatMap((one) => callsOf(one, { service: "" }, sandboxPolicies()));

    expect([...new Set(own.map(({ call }) => questionOf(call)))].toSorted()).toEqual(
      [...new Set(expected.map(questionOf))].toSorted(),
    );
    expect(own.length).toBeGreaterThan(0);
  });

  it("are granted: nothing was refused", () => {
    expect([...refusedCalls(), ...refusedOnTheWire]).toEqual([]);
  });
});

/**
 * So many effects that numbers are stored apart twice, a retry of the first, and an application that is forgotten while
 * its numbers are stored.
 */
async function numberMany(
  merge: (observation: ApplicationState) => Promise<unknown>,
  token: string,
  forget: (applicationToken: string) => Promise<void>,
): Promise<void> {
  const effectOf = (applicationToken: string, index: number) => ({
    ...bareState(applicationToken),
    effect: { eventId: `effect-${index}`, isFirstTry: index > 0, isPublished: () => true },
  });
  await forget(`${token}-forgotten`);
  for (let index = 0; index <= EFFECTS.most; index += 1) {
    await merge(effectOf(token, index));
    await merge(effectOf(`${token}-forgotten`, index));
  }
  await merge(effectOf(token, 0));
}

/** Every method once, and what S3 asks of its own. */
async function callEverything({
  ingest,
  consumer,
  poller,
  statement,
  forgetMeanwhile,
}: Adapters): Promise<void> {
  const deadline = () => Date.now() + 5_000;
  const bytes = new TextEncoder().encode("{}");
  await ingest.queue.send("{}", deadline());
  await ingest.payloads.put("webhooks/2026-11-23/receipt", bytes, deadline());
  await ingest.secret.read(deadline());

  const event = aJourneyEvent({ applicationToken: "JA-1" });
  const { store, investigations, idempotency, publisher, deadLetters } = consumer;
  const { payloads, messages } = consumer;
  const state = stateOfEvent(event);
  await store.recordEvent(anEventRecord(event));
  const healed = { ...event, nodeId: null };
  await store.unlockEvent(event, { by: "delivery", until: NOW });
  await store.lockOf(event);
  await store.withholdEvent(event);
  await store.markHealed("JA-1", { event: healed, lookAlikes: [], webhooks: [] }, NOW);
  await store.noteWebhookOf(healed, event);
  await store.reportsNear(event);
  await store.readApplicant("JA-1", "P-1");
  await store.hasFailure("JA-1", event.eventId);
  const externalIds = { group: "group-1", partner: "partner-1", application: null };
  const facts = { ...state.facts, events: { ...state.facts.events, externalIds } };
  const check = { when: "first", dueAt: 1 } as const;
  const merges = {
    "JA-1": (observation: ApplicationState) => store.mergeState(observation, check),
    "JA-each": (observation: ApplicationState) => store.mergeEach([{ observation, check }]),
  };
  for (const [applicationToken, merge] of Object.entries(merges)) {
    await merge({ ...state, applicationToken, externalIds, facts });
    await numberMany(merge, `${applicationToken}-many`, forgetMeanwhile);
  }
  await store.readState("JA-1");
  await store.mergeState(forgottenState("JA-2", NOW), check);
  for (const applicationToken of ["JA-1", "JA-2"]) {
    await store.recordFailure(aFailureRecord({ applicationToken, eventId: event.eventId }));
  }
  await store.clearFailure("JA-1", event.eventId);
  const whole = { from: 0, until: Number.MAX_SAFE_INTEGER, routes: ROUTE_IDS };
  await statement.sources.effects(state, whole);
  await store.forgetEvent(event);
  await store.eraseEvent(event);
  await investigations.join(AN_INVESTIGATION_EVENT, "webhook");
  await investigations.recordFailure(AN_INVESTIGATION_FAILURE);
  await investigations.clearFailure("INV-1", "1");
  await idempotency.begin("done", 30_000);
  await idempotency.isCompleted("done");
  await idempotency.complete("done");
  await idempotency.begin("failed", 30_000);
  await idempotency.release("failed");
  for (const route of ROUTE_IDS) await publisher.publish([aPublishedEvent({}, route)]);
  await deadLetters.send("{}", "why");
  await payloads.read("webhooks/2026-11-23/receipt").catch(() => undefined);
  await payloads.read("polls/2026-11-23/receipt").catch(() => undefined);
  await payloads.read("held/2026-11-23/receipt").catch(() => undefined);
  await messages.retryAfter("handle", 1);

  const { applications } = poller;
  const [due] = await applications.list(NOW, 10);
  if (due === undefined) throw new Error("nothing is due");
  const lease = { now: NOW, until: NOW + 1, part: 0 };
  await applications.begin(lease);
  await applications.take(due);
  await applications.end(lease);
  const claimed = await applications.claim(due, { now: NOW, until: NOW + 1, again: () => NOW + 2 });
  if (claimed === null) throw new Error("nothing was claimed");
  await applications.look("JA-1");
  await applications.history("JA-1");
  await applications.plan(claimed, { dueAt: NOW, at: NOW, memory: claimed.memory, gap: null });
  await applications.openGaps(NOW, 10);
  await applications.countDue(NOW);
  await applications.keepWitness({ applicationToken: "JA-1", journeyToken: "J-1", knownAt: NOW });
  await applications.witness();
  await poller.investigations.look("INV-1");
  await poller.investigations.keepGap("INV-1", null);
  await poller.investigations.openGaps();
  await poller.investigations.keepCursor({ since: NOW, readTo: NOW, rest: null });
  await poller.investigations.cursor();
  await poller.deliveries.record(NOW - 60_000, NOW);
  await poller.outcomes.total([{ outcome: "approved", journey: null }], {
    from: NOW - 60_000,
    to: NOW,
  });
  await poller.queue.send([aPollEnvelope("{}")]);
  await poller.payloads.put("polls/2026-11-23/receipt", bytes, deadline());
  await poller.gaps.announce([A_GAP_NOTICE]);
  await poller.gaps.announce([AN_INVESTIGATION_GAP_NOTICE]);
  await poller.secret.read(deadline());
  await statement.sources.unsettled();
  await statement.sources.look("JA-1");
  await statement.archive.keep("2026-11-23", "{}");
  await statement.archive.has("2026-11-23");
  await statement.archive.newestBefore("2026-11-24");
  await statement.signer.sign(bytes);
}
