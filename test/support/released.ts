import { readFileSync } from "node:fs";

import { DynamoDBPersistenceLayer } from "@aws-lambda-powertools/idempotency/dynamodb";
import { BatchWriteItemCommand, ScanCommand } from "@aws-sdk/client-dynamodb";
import { unmarshall } from "@aws-sdk/util-dynamodb";
import type { AttributeValue } from "@aws-sdk/client-dynamodb";

import { applicationStateOf } from "../../lambdas/adapters/dynamo/application-item.ts";
import { DynamoApplicationStore } from "../../lambdas/adapters/dynamo/dynamo-application-store.ts";
import { DynamoDueApplications } from "../../lambdas/adapters/dynamo/dynamo-due-applications.ts";
import { PowertoolsIdempotency } from "../../lambdas/adapters/powertools-idempotency.ts";
import { makeConsumerHandler } from "../../lambdas/consumer/handler.ts";
import { outcomeOf, statusOf } from "../../lambdas/domain/application/application-state.ts";
import { parseAlloyApplication } from "../../lambdas/domain/reconciliation/alloy-application.ts";
import { encodeEnvelope } from "../../lambdas/domain/event/envelope.ts";
import type { GapNotice, InvestigationGapNotice } from "../../lambdas/domain/routing/gap-notice.ts";
import type { PublishedEvent } from "../../lambdas/domain/routing/published-event.ts";
import { makePollerHandler } from "../../lambdas/poller/handler.ts";
import { MemoryPayloadBucket } from "../../tools/cloud-in-memory/payload-bucket.ts";
import { batchOf, lambdaContext, alloyThatAnswers } from "../../tools/cloud-in-memory/builders.ts";
import { consumerOver, pollerOver } from "../../tools/cloud-in-memory/runtime.ts";
import type { Contents, LocalDynamoDb } from "../../tools/cloud-in-memory/dynalite.ts";
import { inRoleOf } from "./iam.ts";

/** What of a release's code a deployment brings. */
export type ReleaseCode = typeof CODE_AS_IT_IS;

/** The code as it is. */
export const CODE_AS_IT_IS = {
  applicationStateOf,
  DynamoApplicationStore,
  DynamoDueApplications,
  encodeEnvelope,
  makeConsumerHandler,
  makePollerHandler,
  outcomeOf,
  parseAlloyApplication,
  PowertoolsIdempotency,
  statusOf,
};

type Item = Record<string, AttributeValue>;

/** What a release had stored, and in flight (`test/fixtures/stored/capture.mjs`). */
export interface Released {
  /** Epoch milliseconds. */
  readonly capturedAt: number;
  readonly applicationItems: readonly Item[];
  readonly idempotencyItems: readonly Item[];
  /** Messages of the event queue. */
  readonly inFlight: readonly string[];
  /** Messages of the dead-letter queue; of 0.1.0 they were not written down. */
  readonly deadLetters?: readonly string[];
  /** Bodies in the bucket, by key. */
  readonly payloads: Readonly<Record<string, string>>;
  /** What had its effect, oldest first. */
  readonly published: readonly PublishedEvent[];
  readonly applications: readonly ReleasedApplication[];
}

export interface ReleasedApplication {
  readonly kind: string;
  readonly token: string;
  /** Webhooks that had been accepted. */
  readonly delivered: readonly string[];
  /** Webhooks that had not come. */
  readonly withheld: readonly string[];
  /** Of Get Journey Application. */
  readonly answer: {
    readonly status: string;
    readonly complete_outcome: string | null;
    readonly _embedded: { readonly journey: { readonly journey_token: string } };
  };
}

const FILLER = "x".repeat(1_060_000);

/** @param file - one of `test/fixtures/stored`. */
export function readReleased(file: URL): Released {
  return releasedOf(readFileSync(file, "utf8"));
}

/** @param text - as `capture.mjs` writes it. */
export function releasedOf(text: string): Released {
  const released: Released = JSON.parse(text.replaceAll("FILLER", FILLER));
  return { ...released, applicationItems: released.applicationItems.map(withBytes) };
}

function isOfApplication(notice: GapNotice | InvestigationGapNotice): notice is GapNotice {
  return !("investigationToken" in notice);
}

/** JSON has no bytes: the file has them in base64. */
function withBytes(item: Item): Item {
  const { body } = item;
  if (body?.B === undefined) return item;
  return { ...item, body: { B: Buffer.from(String(body.B), "base64") } };
}

/** How far a takeover has come: another one goes on from there, in a table that begins with these contents. */
export interface Halfway {
  readonly contents: Contents;
  readonly payloads: ReadonlyMap<string, Uint8Array>;
  readonly published: readonly PublishedEvent[];
  readonly deadLettered: readonly DeadLettered[];
  readonly notices: readonly GapNotice[];
  readonly now: number;
  readonly receipts: number;
}

interface DeadLettered {
  readonly body: string;
  readonly reason: string;
}

/** The code of one release over what another one left behind, and what comes of it. */
export class Redeployed {
  readonly published: PublishedEvent[];
  readonly deadLettered: DeadLettered[];
  readonly notices: GapNotice[];
  now: number;
  readonly #released: Released;
  readonly #dynamo: LocalDynamoDb;
  readonly #payloads = new MemoryPayloadBucket();
  readonly #code: ReleaseCode;
  readonly #consume: ReturnType<typeof makeConsumerHandler>;
  readonly #poll: ReturnType<typeof makePollerHandler>;
  #queue: string[] = [];
  #receipts: number;

  /** @param from - @default - the beginning: `load` comes next. */
  constructor(released: Released, dynamo: LocalDynamoDb, code: ReleaseCode, from?: Halfway) {
    this.#released = released;
    this.#code = code;
    this.#dynamo = dynamo;
    this.published = [...(from?.published ?? [])];
    this.deadLettered = [...(from?.deadLettered ?? [])];
    this.notices = [...(from?.notices ?? [])];
    this.now = from?.now ?? released.capturedAt;
    this.#receipts = from?.receipts ?? 0;
    for (const [key, bytes] of from?.payloads ?? []) this.#payloads.payloads.set(key, bytes);
    const { client, applicationTableName: tableName } = dynamo;
    const now = () => this.now;
    const layer = new DynamoDBPersistenceLayer({
      tableName: dynamo.idempotencyTableName,
      awsSdkV3Client: client,
    });
    // The role of another release goes with its own template.
    const inRole: typeof inRoleOf =
      code === CODE_AS_IT_IS ? inRoleOf : (_function, _port, it) => it;
    this.#consume = code.makeConsumerHandler(
      consumerOver({
        store: inRole(
          "consumer",
          "store",
          new code.DynamoApplicationStore({ client, tableName, eventRetentionMs: null }),
        ),
        idempotency: new code.PowertoolsIdempotency(layer),
        publisher: {
          publish: async (events) => {
            this.published.push(...events);
            return events.map(() => null);
          },
        },
        deadLetters: {
          send: async (body, reason) => void this.deadLettered.push({ body, reason }),
        },
        payloads: this.#payloads,
        now,
      }),
    );
    this.#poll = code.makePollerHandler(
      pollerOver({
        applications: inRole(
          "poller",
          "applications",
          new code.DynamoDueApplications(client, tableName),
        ),
        alloy: alloyThatAnswers((asked) => {
          const one = released.applications.find(({ token }) => token === asked.applicationToken);
          const parsed = code.parseAlloyApplication(JSON.stringify(one?.answer), asked);
          if ("reason" in parsed) throw new Error(parsed.reason);
          return { kind: "application", application: parsed.application };
        }),
        queue: {
          send: async (envelopes) => {
            this.#queue.push(...envelopes.map(code.encodeEnvelope));
            return envelopes.map(() => null);
          },
        },
        payloads: this.#payloads,
        gaps: {
          announce: async (notices) => void this.notices.push(...notices.filter(isOfApplication)),
        },
        now,
      }),
    );
  }

  /** Puts the release's items and bodies where it had them. */
  async load(): Promise<void> {
    const { applicationItems, idempotencyItems, payloads } = this.#released;
    await this.#write(this.#dynamo.applicationTableName, applicationItems);
    await this.#write(this.#dynamo.idempotencyTableName, idempotencyItems);
    for (const [key, body] of Object.entries(payloads)) {
      await this.#payloads.put(key, Buffer.from(body));
    }
  }

  /** How far it has come, when nothing is in its queue. */
  async halfway(): Promise<Halfway> {
    return {
      contents: await this.#dynamo.contents(),
      payloads: new Map(this.#payloads.payloads),
      published: [...this.published],
      deadLettered: [...this.deadLettered],
      notices: [...this.notices],
      now: this.now,
      receipts: this.#receipts,
    };
  }

  async #write(tableName: string, items: readonly Item[]): Promise<void> {
    for (let from = 0; from < items.length; from += 25) {
      const requests = items.slice(from, from + 25).map((Item) => ({ PutRequest: { Item } }));
      const RequestItems = { [tableName]: requests };
      await this.#dynamo.client.send(new BatchWriteItemCommand({ RequestItems }));
    }
  }

  /** These webhooks come now, for the first time or again. */
  async deliver(bodies: readonly string[]): Promise<void> {
    for (const body of bodies) await this.#accept(body);
    await this.drain();
  }

  async #accept(body: string): Promise<void> {
    this.#receipts += 1;
    const key = body.length > FILLER.length ? `webhooks/again-${this.#receipts}` : null;
    if (key !== null) await this.#payloads.put(key, Buffer.from(body));
    this.#queue.push(
      this.#code.encodeEnvelope({
        v: 1,
        kind: "webhook",
        receiptId: `again-${this.#receipts}`,
        receivedAt: this.now,
        body: key === null ? body : null,
        payloadKey: key,
        sourceIp: null,
      }),
    );
  }

  /** What the release had put into the queue is consumed. */
  async takeOver(): Promise<void> {
    this.#queue.push(...this.#released.inFlight);
    await this.drain();
  }

  /** An operator redrives what is in the dead-letter queue. */
  async redrive(): Promise<void> {
    this.#queue.push(...(this.#released.deadLetters ?? []));
    await this.drain();
  }

  /** @throws Error when a record is given back. */
  async drain(): Promise<void> {
    while (this.#queue.length > 0) {
      const context = lambdaContext();
      const bodies = this.#queue.splice(0, 10);
      const { Records } = batchOf(bodies);
      for (const [index, body] of bodies.entries()) Object.assign(Records[index] ?? {}, { body });
      const { batchItemFailures } = await this.#consume({ Records }, context);
      this.now += 1_000;
      if (batchItemFailures.length > 0) throw new Error(`records are back: ${bodies.join("\n")}`);
    }
  }

  /** The poller runs so often, once an hour. */
  async poll(runs: number): Promise<void> {
    for (let run = 0; run < runs; run += 1) {
      this.now += 60 * 60_000;
      await this.#poll({});
      await this.drain();
    }
  }

  /** All items of the application table, by sort key's first word. */
  async items(word: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
    const { client, applicationTableName: TableName } = this.#dynamo;
    const items: Readonly<Record<string, unknown>>[] = [];
    let ExclusiveStartKey: Item | undefined;
    do {
      const page = await client.send(new ScanCommand({ TableName, ExclusiveStartKey }));
      items.push(...(page.Items ?? []).map((item) => unmarshall(item)));
      ExclusiveStartKey = page.LastEvaluatedKey;
    } while (ExclusiveStartKey !== undefined);
    return items.filter(({ sk }) => String(sk).split("#")[0] === word);
  }
}
