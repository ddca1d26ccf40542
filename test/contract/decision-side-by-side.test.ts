import { DynamoDBPersistenceLayer } from "@aws-lambda-powertools/idempotency/dynamodb";
import { marshall, unmarshall } from "@aws-sdk/util-dynamodb";
import { beforeEach, describe, expect, test, vi } from "vitest";

import { applicationKey } from "../../lambdas/adapters/dynamo/application-item.ts";
import type { PublishedEvent } from "../../lambdas/domain/routing/published-event.ts";
import {
  alloyThatAnswers,
  batchOf,
  batchOfMessages,
  lambdaContext,
} from "../../tools/cloud-in-memory/builders.ts";
import type { LocalDynamoDb } from "../../tools/cloud-in-memory/dynalite.ts";
import {
  CONSUMER_SETTINGS,
  consumerOver,
  POLLER_SETTINGS,
  pollerOver,
} from "../../tools/cloud-in-memory/runtime.ts";
import * as codeOfLastRelease from "../fixtures/stored/0.2.0.code.mjs";
import { DECISION_SETTINGS, MARK } from "../support/decided-world.ts";
import { startDynamoDb } from "../support/dynalite.ts";
import { CODE_AS_IT_IS } from "../support/released.ts";
import type { ReleaseCode } from "../support/released.ts";

/*
 * A deployment turns `decision` on, and for a while two versions of each function take turns over the same tables and the
 * same queue.
 */

const TOKEN = "JA-sideBySide0000001";
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** A version of the functions. */
interface Version {
  readonly code: ReleaseCode;
  readonly decides: boolean;
}

const NEW: Version = { code: CODE_AS_IT_IS, decides: true };
const LAST_RELEASE: Version = { code: codeOfLastRelease, decides: false };
const OFF: Version = { code: CODE_AS_IT_IS, decides: false };

/** An application that Alloy has denied, on the way from its webhooks to the bus. */
class Stage {
  readonly published: PublishedEvent[] = [];
  readonly deadLettered: string[] = [];
  now = Date.now();
  readonly #dynamo: LocalDynamoDb;
  readonly #endedAt = this.now;
  #queue: string[] = [];

  constructor(dynamo: LocalDynamoDb) {
    this.#dynamo = dynamo;
  }

  /** The webhooks come, and this version consumes them. */
  async end(version: Version): Promise<void> {
    const webhooks = this.#events().map((data) => this.webhook(data));
    await this.#take(batchOf(webhooks), version);
  }

  webhook(data: object): string {
    const type = "update:journeyapplications:sandbox";
    const names = { journey_application_token: TOKEN, journey_token: "J-1", journey_name: "Cards" };
    return JSON.stringify({ type, timestamp: this.now, data: { ...names, ...data } });
  }

  /** What is in the queue. */
  async consume(version: Version): Promise<void> {
    while (this.#queue.length > 0)
      await this.#take(batchOfMessages(this.#queue.splice(0)), version);
  }

  /** @param webhook - comes now. */
  async receive(webhook: string, version: Version): Promise<void> {
    await this.#take(batchOf([webhook]), version);
  }

  async poll({ code, decides }: Version): Promise<void> {
    const { client, applicationTableName } = this.#dynamo;
    const poll = code.makePollerHandler(
      pollerOver({
        applications: new code.DynamoDueApplications(client, applicationTableName),
        settings: {
          ...POLLER_SETTINGS,
          decision: decides ? DECISION_SETTINGS : null,
        },
        alloy: alloyThatAnswers((asked) => {
          const parsed = code.parseAlloyApplication(JSON.stringify(this.#answer()), asked);
          if ("reason" in parsed) throw new Error(parsed.reason);
          return { kind: "application", application: parsed.application };
        }),
        queue: {
          send: async (envelopes) => {
            this.#queue.push(...envelopes.map((envelope) => code.encodeEnvelope(envelope)));
            return envelopes.map(() => null);
          },
        },
        now: () => this.now,
      }),
    );
    await poll({});
  }

  /** The poller runs each minute for a while, and then each hour for two days: here, whenever a check is due. */
  async settle(version: Version): Promise<void> {
    for (const [runs, everyMs] of [
      [20, MINUTE],
      [50, HOUR],
    ] as const) {
      for (let run = 0; run < runs; run += 1) {
        this.now += everyMs;
        if (!(await this.#isDue())) continue;
        await this.poll(version);
        await this.consume(version);
      }
    }
  }

  async #isDue(): Promise<boolean> {
    const { client, applicationTableName: TableName } = this.#dynamo;
    const { Item } = await client.getItem({ TableName, Key: marshall(applicationKey(TOKEN)) });
    const { dueAt = Infinity } = unmarshall(Item ?? {});
    return dueAt <= this.now;
  }

  decided(): readonly PublishedEvent[] {
    return this.published.filter(({ route }) => route === "decided");
  }

  #events(): readonly object[] {
    const outcome = "Denied";
    return [
      { type: "started_application", timestamp: this.#endedAt - HOUR },
      { type: "completed_application", timestamp: this.#endedAt - 1_000, outcome },
    ];
  }

  #answer() {
    return {
      journey_application_token: TOKEN,
      status: "completed",
      complete_outcome: "Denied",
      sandbox: true,
      updated_at: this.#endedAt - 1_000,
      terminal_reconciliation_output: {
        outcome_reasons: [{ name: `${MARK} income`, type: "adverse_action" }],
        tags: [],
        output_attributes: { credit_limit: 0 },
      },
      _embedded: { journey: { journey_token: "J-1" }, events: this.#events() },
    };
  }

  async #take(batch: ReturnType<typeof batchOf>, { code, decides }: Version): Promise<void> {
    const { client, applicationTableName: tableName, idempotencyTableName } = this.#dynamo;
    const layer = new DynamoDBPersistenceLayer({
      tableName: idempotencyTableName,
      awsSdkV3Client: client,
    });
    const handle = code.makeConsumerHandler(
      consumerOver({
        store: new code.DynamoApplicationStore({ client, tableName, eventRetentionMs: null }),
        idempotency: new code.PowertoolsIdempotency(layer),
        settings: { ...CONSUMER_SETTINGS, decides },
        publisher: {
          publish: async (events) => {
            this.published.push(...events);
            return events.map(() => null);
          },
        },
        deadLetters: { send: async (body) => void this.deadLettered.push(body) },
        now: () => this.now,
      }),
    );
    const { batchItemFailures } = await handle(batch, lambdaContext());
    if (batchItemFailures.length > 0) throw new Error("records are back");
  }
}

describe.each([
  ["of the release before", LAST_RELEASE],
  ["of this release, without decisions", OFF],
])("beside functions %s", (_, before) => {
  let stage: Stage;
  beforeEach(async () => {
    const dynamo = await startDynamoDb();
    stage = new Stage(dynamo);
    // Powertools' records end by the clock of the machine.
    vi.spyOn(Date, "now").mockImplementation(() => stage.now);
    return async () => {
      vi.restoreAllMocks();
      await dynamo.close();
    };
  });

  test("a decision that the old consumer takes is published by the new one, once", async () => {
    await stage.end(NEW);
    await stage.poll(NEW);
    await stage.consume(before);
    expect([stage.decided(), stage.deadLettered]).toEqual([[], []]);

    await stage.settle(NEW);

    expect(stage.decided()).toMatchObject([{ applicationToken: TOKEN, outcome: "Denied" }]);
  });

  test("an application that the old functions have ended and planned is decided once", async () => {
    await stage.end(before);
    stage.now += 5 * MINUTE;
    await stage.poll(before);
    await stage.consume(before);

    await stage.settle(NEW);

    expect(stage.decided()).toHaveLength(1);
  });

  test("what the old consumer merges leaves a decision as it stands", async () => {
    await stage.end(NEW);
    await stage.poll(NEW);
    await stage.consume(NEW);
    expect(stage.decided()).toHaveLength(1);

    const archived = { type: "application_archived", timestamp: stage.now - 500 };
    await stage.receive(stage.webhook(archived), before);
    await stage.poll(before);
    await stage.consume(before);
    await stage.settle(NEW);

    expect(stage.decided()).toHaveLength(1);
  });

  test("a plan of the new poller that the old one takes over loses no decision", async () => {
    await stage.end(NEW);
    await stage.poll(NEW);
    stage.now += 3 * MINUTE;
    await stage.poll(before);

    await stage.consume(before);
    await stage.settle(NEW);

    expect(stage.decided()).toHaveLength(1);
  });

  test("a deployment that goes back publishes no more decisions, and fails at none", async () => {
    await stage.end(NEW);
    await stage.poll(NEW);

    await stage.consume(before);
    await stage.settle(before);

    expect([stage.decided(), stage.deadLettered]).toEqual([[], []]);
  });
});
