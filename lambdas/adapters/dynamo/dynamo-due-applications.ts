import { isDeepStrictEqual } from "node:util";

import * as v from "valibot";

import { mergeState } from "../../domain/application/application-state.ts";
import type { ApplicationState } from "../../domain/application/application-state.ts";
import type { Gap } from "../../domain/reconciliation/gap.ts";
import type {
  CheckMemory,
  CheckPlan,
  Claim,
  ClaimedApplication,
  DueApplication,
  DueApplications,
  History,
  KnownApplication,
  Lease,
  Witness,
} from "../../domain/polling/polling-ports.ts";
import type { RecordedEvent, RecordedFailure } from "../../domain/reconciliation/reconciliation.ts";
import { WHOLE } from "../../settings/poller-share.ts";
import type { Part } from "../../settings/poller-share.ts";
import { GAP, POLLER } from "../../settings/limits.ts";
import { GAP_STAGES } from "../../settings/metrics.ts";
import { TABLE } from "../../settings/names.ts";
import {
  applicationKey,
  applicationStateOf,
  attributesOf,
  dueShard,
  dueShardOf,
  gapListKey,
} from "./application-item.ts";
import { broughtIds, externalIdKey, idsOf } from "./external-ids.ts";
import type { DynamoDbOperations } from "../aws-operations.ts";
import { DynamoTable } from "./dynamo-table.ts";
import type { Item, Key } from "./dynamo-table.ts";
import { DynamoUpdate } from "./dynamo-update.ts";

const text = v.nullish(v.string(), null);
const number = v.nullish(v.number(), null);

const KeySchema = v.object({ pk: v.string(), dueAt: v.number() });

const stage = v.picklist(GAP_STAGES);

export const GapSchema = v.object({
  gapId: v.string(),
  stage,
  since: v.number(),
  detectedAt: v.number(),
  eventCount: v.number(),
  events: v.array(v.object({ eventId: v.string(), type: v.string(), at: v.number(), stage })),
  evidence: v.string(),
  isUntold: v.exactOptional(v.literal(true)),
});

/** The events of a gap, beside the state: each merge pays for all that stands in it. */
const GapListSchema = v.object({
  gap: v.pick(GapSchema, ["gapId", "events"]),
});

const OpenGapSchema = v.object({ pk: v.string(), gapStage: stage, journeyToken: text });

const MemorySchema = v.object({
  checkedAt: number,
  checkAskedAt: number,
  checkPushes: v.nullish(v.number(), 0),
  failedChecks: v.nullish(v.number(), 0),
  unknownSince: number,
  unsettledSince: number,
  shareUsedTo: number,
  wait: v.nullish(v.tuple([v.number(), v.number()]), null),
  gap: v.nullish(GapSchema, null),
  // Of very many events it is no exact number any more.
  tally: v.fallback(number, null),
});

const ClaimSchema = v.object({
  claimedUntil: v.number(),
  failedChecks: v.nullish(v.number(), 0),
});

const ClaimedSchema = v.object({ claimedUntil: number, dueAt: v.number(), revision: number });

const LeaseSchema = v.object({ heldUntil: v.number() });

const WitnessSchema = v.object({
  applicationToken: v.string(),
  journeyToken: v.string(),
  knownAt: v.number(),
  askedAt: number,
});

const EventSchema = v.object({
  eventId: v.string(),
  type: v.string(),
  eventAt: v.number(),
  receivedAt: v.number(),
  origin: v.picklist(["webhook", "poll", "submission", "replay"]),
  entityApplicationToken: text,
  entityToken: text,
  nodeId: text,
  eventToken: text,
  outcome: text,
  isWithheld: v.nullish(v.boolean(), false),
});

export const FailureSchema = v.object({
  eventId: v.string(),
  eventType: v.string(),
  failedAt: v.number(),
  reason: v.string(),
  deadLettered: v.boolean(),
});

/**
 * Partition of the index `due` for what failed in its previous check: it is listed behind everything else, so that
 * it cannot keep a healthy application from its turn. One, since a run makes few of them.
 */
export const FAILED_PARTITION = "DUE#FAILED";

/** Sort keys between which failures, marks, further ids and the state stand, in this order. */
const FAILURES_FROM = "FAILURE#";
const FURTHER_IDS_FROM = "ID#";

/** So many items are read at most to learn of an application: the state, its gap's list, and some ids. */
const MOST_BESIDE = 8;

const WITNESS_KEY = { pk: "POLLER", sk: "WITNESS" };

/** The lease of a part. */
function leaseKey(part: number): Key {
  return { pk: "POLLER", sk: part === 0 ? "RUN" : `RUN#${part}` };
}

/** Partition of the sparse index `gap`; one, since few applications are ever in gap. */
export const GAP_PARTITION = "GAP";

/** Everything of an event and of a failure but the body, which is most of their size and personal. */
const HISTORY_ATTRIBUTES = [
  "sk",
  ...Object.keys(EventSchema.entries),
  ...Object.keys(FailureSchema.entries),
];

const SHARDS = Array.from({ length: TABLE.dueShards }, (_, number) => dueShard(number));

/**
 * `DueApplications` on DynamoDB: queries of the sparse index `due`, ten shards of it and one partition for what
 * failed, and conditional updates. What is read grows with what is due, never with what is open.
 */
export class DynamoDueApplications implements DueApplications {
  readonly #table: DynamoTable;
  readonly #indexesEntities: boolean;

  /** @param indexesEntities - as of `DynamoApplicationStore`. */
  constructor(client: DynamoDbOperations, tableName: string, indexesEntities = false) {
    this.#table = new DynamoTable(client, tableName);
    this.#indexesEntities = indexesEntities;
  }

  async list(now: number, limit: number, part: Part = WHOLE): Promise<readonly DueApplication[]> {
    const listed = await Promise.all(
      [...SHARDS.filter((_, shard) => isOf(part, shard)), ...failedPartitionOf(part)].map(
        (partition) => this.#dueOf(partition, now, limit),
      ),
    );
    return listed
      .flat()
      .toSorted(
        (one, other) => Number(one.hasFailed) - Number(other.hasFailed) || one.dueAt - other.dueAt,
      );
  }

  async countDue(before: number): Promise<number> {
    const counts = await Promise.all(
      [FAILED_PARTITION, ...SHARDS].map((partition) =>
        this.#table.count(
          "Counting due applications",
          {
            IndexName: TABLE.dueIndex,
            KeyConditionExpression: "duePk = :partition AND dueAt < :before",
            ExpressionAttributeValues: { ":partition": partition, ":before": before },
          },
          POLLER.mostPagesCounted,
        ),
      ),
    );
    return counts.reduce((total, count) => total + count, 0);
  }

  async begin({ now, until, part }: Lease): Promise<"begun" | "cut-off" | "held"> {
    const what = "Beginning a run";
    const key = leaseKey(part);
    const begin = new DynamoUpdate();
    begin.set("heldUntil", until);
    begin.requireAbsent("heldUntil");
    const begun = await this.#update(what, key, begin);
    if (begun.isDone) return "begun";
    const left = v.safeParse(LeaseSchema, begun.item);
    if (!left.success || left.output.heldUntil > now) return "held";
    const again = new DynamoUpdate();
    again.set("heldUntil", until);
    again.requireEqual("heldUntil", left.output.heldUntil);
    return (await this.#update(what, key, again)).isDone ? "cut-off" : "held";
  }

  async end({ until, part }: Lease): Promise<void> {
    const end = new DynamoUpdate();
    end.remove("heldUntil");
    end.requireEqual("heldUntil", until);
    await this.#update("Ending a run", leaseKey(part), end);
  }

  async take({ applicationToken, dueAt }: DueApplication): ReturnType<DueApplications["take"]> {
    const stored = await this.#stored(applicationToken);
    const { state } = stored;
    const read = v.safeParse(ClaimedSchema, state);
    if (state === null || !read.success || read.output.dueAt !== dueAt) return null;
    return read.output.claimedUntil === null ? claimedApplicationOf(state, stored) : "claimed";
  }

  async claim(due: DueApplication, claim: Claim): Promise<ClaimedApplication | null> {
    const { now, until } = claim;
    const what = "Claiming an application";
    const key = applicationKey(due.applicationToken);
    const update = new DynamoUpdate();
    // `dueAt` is a key of the index: to move it here and again in `plan` would cost four writes more.
    update.set("claimedUntil", until);
    update.requireEqual("dueAt", due.dueAt);
    update.requireAbsent("claimedUntil");
    const claimed = await this.#update(what, key, update);
    if (claimed.isDone) return this.#claimed(claimed.item, due);

    const left = v.safeParse(ClaimSchema, claimed.item);
    if (!left.success || left.output.claimedUntil > now) return null;
    // The check before this one was cut off. If it was this application that did it, it must not come
    // first in every run, nor in every run at all: the claim moves it behind the others, and on.
    const failedChecks = left.output.failedChecks + 1;
    const again = new DynamoUpdate();
    again.set("claimedUntil", until);
    again.set("failedChecks", failedChecks);
    again.set("duePk", FAILED_PARTITION);
    again.set("dueAt", Math.max(until, claim.again(failedChecks)));
    again.requireEqual("dueAt", due.dueAt);
    again.requireEqual("claimedUntil", left.output.claimedUntil);
    const reclaimed = await this.#update(what, key, again);
    return reclaimed.isDone ? this.#claimed(reclaimed.item, due) : null;
  }

  async look(applicationToken: string): Promise<KnownApplication | null> {
    const stored = await this.#stored(applicationToken);
    return stored.state === null ? null : knownApplicationOf(stored.state, stored);
  }

  async history(applicationToken: string): Promise<History> {
    const events: RecordedEvent[] = [];
    const failures: RecordedFailure[] = [];
    const names = Object.fromEntries(
      [...new Set(HISTORY_ATTRIBUTES)].map((name) => [`#${name}`, name]),
    );
    const items = this.#table.query("Reading an application's events", {
      KeyConditionExpression: "pk = :pk AND sk BETWEEN :from AND :to",
      ExpressionAttributeValues: {
        ":pk": applicationKey(applicationToken).pk,
        // Events and failures stand side by side, and before the state.
        ":from": "EVENT#",
        ":to": "FAILURE#~",
      },
      ProjectionExpression: Object.keys(names).join(", "),
      ExpressionAttributeNames: names,
    });
    for await (const { sk, ...item } of items) {
      if (String(sk).startsWith("EVENT#")) events.push(recordedEventOf(item));
      else failures.push(v.parse(FailureSchema, item));
    }
    return { events, failures };
  }

  async plan(claimed: ClaimedApplication, plan: CheckPlan): Promise<void> {
    const { applicationToken } = claimed.state;
    await this.#listGap(claimed, plan);
    const state = await this.#planCheck(claimed, plan);
    // Somebody may have had it forgotten meanwhile, or another run may have ended the gap.
    const isListed = plan.gap !== null || claimed.storedGap !== null;
    if (isListed && !("gap" in state)) await this.#endGapList(applicationToken, plan.at);
  }

  /** @returns the application's item since then. */
  async #planCheck(claimed: ClaimedApplication, plan: CheckPlan): Promise<Item> {
    const { applicationToken } = claimed.state;
    const update = updateOf(plan);
    const keys = plan.learned === undefined ? [] : await this.#learn(claimed, plan.learned, update);
    if (plan.dueAt === null) {
      update.remove("duePk");
      update.remove("dueAt");
      update.set("settledAt", plan.at);
    } else {
      update.set(
        "duePk",
        plan.memory.failedChecks > 0 ? FAILED_PARTITION : dueShardOf(applicationToken),
      );
      update.set("dueAt", plan.dueAt);
    }
    // Something that happened during this check may have reopened it, or have been merged.
    if (plan.dueAt === null || plan.learned !== undefined) {
      if (claimed.revision === null) update.requireAbsent("revision");
      else update.requireEqual("revision", claimed.revision);
    }
    update.requireEqual("dueAt", claimed.dueAt);
    requireOurs(update, claimed);
    const what = "Planning a check";
    const key = applicationKey(applicationToken);
    const planned = await this.#update(what, key, update);
    if (planned.isDone) return planned.item;

    // Somebody asked for a check meanwhile, or the application moved: it is due as it stands. If the
    // claim has ended, another run may have found something newer.
    const found = updateOf(plan);
    requireOurs(found, claimed);
    const { item } = await this.#update(what, key, found);
    if (!("forgottenAt" in item)) return item;
    for (const idKey of keys) {
      const removal = new DynamoUpdate();
      removal.remove("externalId");
      await this.#update("Removing an external id", idKey, removal);
    }
    return item;
  }

  /** Stores the events of a gap before the state names it: a run that is cut off in between has queued them already. */
  async #listGap(
    { state: { applicationToken }, storedGap }: ClaimedApplication,
    { gap }: CheckPlan,
  ): Promise<void> {
    if (gap === null || gap.events.length === 0) return;
    const { gapId, events } = gap;
    const list = { gapId, events };
    if (isDeepStrictEqual(storedGap, list)) return;
    const update = new DynamoUpdate();
    update.set("gap", list);
    update.remove(TABLE.expiryAttribute);
    await this.#update("Listing the events of a gap", gapListKey(applicationToken), update);
  }

  /** Takes the events out at once. DynamoDB removes the rest of the item by its expiry, at no further cost. */
  async #endGapList(applicationToken: string, at: number): Promise<void> {
    const update = new DynamoUpdate();
    update.remove("gap");
    update.set(TABLE.expiryAttribute, Math.ceil(at / 1_000));
    update.requirePresent("gap");
    await this.#update("Removing the events of a gap", gapListKey(applicationToken), update);
  }

  /**
   * Adds an observation to the update of an application's item. The items of its further ids come first: `forget` finds
   * them, or else the update of the application finds that it is forgotten.
   *
   * @returns the keys of these items.
   */
  async #learn(
    { state }: ClaimedApplication,
    learned: ApplicationState,
    update: DynamoUpdate,
  ): Promise<readonly Key[]> {
    const merged = mergeState(state, learned);
    const [before, after] = [attributesOf(state), attributesOf(merged)];
    for (const [name, value] of Object.entries(after)) {
      // Which of its ids is indexed by its own item is the consumer's, which sees the item.
      if (name !== "externalId" && !isDeepStrictEqual(before[name], value)) update.set(name, value);
    }
    const idsIn = (of: ApplicationState) => idsOf(of, this.#indexesEntities);
    const known = { ids: idsIn(state), indexed: null };
    const brought = Object.entries(broughtIds(known, { ids: idsIn(merged), indexed: null }));
    const keys = brought.map(([name]) => externalIdKey(state.applicationToken, name));
    for (const [index, [, externalId]] of brought.entries()) {
      const key = keys[index];
      const item = new DynamoUpdate();
      item.set("externalId", externalId);
      if (key !== undefined) await this.#update("Indexing an external id", key, item);
    }
    update.increment("revision");
    return keys;
  }

  async openGaps(since: number, limit: number): ReturnType<DueApplications["openGaps"]> {
    const { items, further } = await this.#table.queryFirst(
      "Listing open gaps",
      {
        IndexName: TABLE.gapIndex,
        KeyConditionExpression: "gapPk = :gap AND gapSince <= :since",
        ExpressionAttributeValues: { ":gap": GAP_PARTITION, ":since": since },
      },
      { items: limit, pages: GAP.mostPagesCounted },
    );
    const oldest = items.map((item) => {
      const { pk, gapStage, journeyToken } = v.parse(OpenGapSchema, item);
      return { applicationToken: tokenOf(pk), journeyToken, stage: gapStage };
    });
    return { oldest, further };
  }

  async witness(): Promise<Witness | null> {
    const items = this.#table.query("Reading the last application that Alloy knew", {
      KeyConditionExpression: "pk = :pk AND sk = :sk",
      ExpressionAttributeValues: { ":pk": WITNESS_KEY.pk, ":sk": WITNESS_KEY.sk },
    });
    for await (const item of items) return v.parse(WitnessSchema, item);
    return null;
  }

  async keepWitness(changes: Partial<Witness>): Promise<void> {
    const update = new DynamoUpdate();
    for (const [name, value] of Object.entries(changes)) update.set(name, value);
    // Two runs may end out of order.
    update.requireAbsentOr("knownAt", "<=", changes.knownAt ?? Number.MAX_SAFE_INTEGER);
    await this.#update("Keeping the last application that Alloy knew", WITNESS_KEY, update);
  }

  /**
   * An application's state, the list of its gap's events, and what stands next to them: its further ids, marks and failures. Few
   * items are read, the state among the first. The poller has the right to query, not to get.
   */
  async #stored(applicationToken: string): Promise<Stored> {
    const gapList = gapListKey(applicationToken);
    const items: Item[] = [];
    const query = this.#table.query("Reading an application", {
      KeyConditionExpression: "pk = :pk AND sk BETWEEN :from AND :to",
      ExpressionAttributeValues: { ":pk": gapList.pk, ":from": FAILURES_FROM, ":to": gapList.sk },
      ScanIndexForward: false,
      Limit: MOST_BESIDE,
    });
    for await (const item of query) {
      items.push(item);
      if (items.length === MOST_BESIDE) break;
    }
    const { sk } = applicationKey(applicationToken);
    const isPlain = ({ sk: key }: Item) =>
      key === sk || key === gapList.sk || String(key).startsWith(FURTHER_IDS_FROM);
    return {
      state: items.find((item) => item["sk"] === sk) ?? null,
      gapList: items.find((item) => item["sk"] === gapList.sk) ?? null,
      isAlone: items.length < MOST_BESIDE && items.every(isPlain),
    };
  }

  /** The claim handed out the state as it is; the list stands beside it. */
  async #claimed(state: Item, { applicationToken }: DueApplication): Promise<ClaimedApplication> {
    return claimedApplicationOf(state, await this.#stored(applicationToken));
  }

  async #dueOf(shard: string, now: number, limit: number): Promise<readonly DueApplication[]> {
    const hasFailed = shard === FAILED_PARTITION;
    const due: DueApplication[] = [];
    const items = this.#table.query("Listing due applications", {
      IndexName: TABLE.dueIndex,
      KeyConditionExpression: "duePk = :shard AND dueAt <= :now",
      ExpressionAttributeValues: { ":shard": shard, ":now": now },
      Limit: limit,
    });
    for await (const item of items) {
      const { pk, dueAt } = v.parse(KeySchema, item);
      due.push({ applicationToken: tokenOf(pk), dueAt, hasFailed });
      if (due.length === limit) break;
    }
    return due;
  }

  #update(what: string, key: Key, update: DynamoUpdate) {
    return this.#table.update(what, key, update, "ALL_NEW");
  }
}

function tokenOf(pk: string): string {
  return pk.slice(applicationKey("").pk.length);
}

/** Whether a shard is of a part. */
function isOf({ number: own, of }: Part, shard: number): boolean {
  return shard % of === own;
}

/** The first part has it. */
function failedPartitionOf({ number: own }: Part): readonly string[] {
  return own === 0 ? [FAILED_PARTITION] : [];
}

/** What a query of an application reads. */
interface Stored {
  readonly state: Item | null;
  readonly gapList: Item | null;
  /** Neither a failure nor a mark stands beside it. */
  readonly isAlone: boolean;
}

function claimedApplicationOf(state: Item, stored: Stored): ClaimedApplication {
  const { dueAt, claimedUntil, revision } = v.parse(ClaimedSchema, state);
  const storedGap = stored.gapList?.["gap"] ?? null;
  return { ...knownApplicationOf(state, stored), dueAt, claimedUntil, revision, storedGap };
}

function knownApplicationOf(state: Item, { gapList, isAlone }: Stored): KnownApplication {
  const memory = v.parse(MemorySchema, state);
  const [dueAt, until] = memory.wait ?? [];
  return {
    state: applicationStateOf(state),
    memory: {
      checkedAt: memory.checkedAt,
      requestedAt: memory.checkAskedAt,
      reschedules: memory.checkPushes,
      failedChecks: memory.failedChecks,
      unknownSince: memory.unknownSince,
      unsettledSince: memory.unsettledSince,
      shareUsedTo: memory.shareUsedTo,
      wait: dueAt === undefined || until === undefined ? null : { dueAt, until },
    },
    gap: memory.gap === null ? null : gapWithEvents(memory.gap, gapList),
    tally: isAlone ? memory.tally : null,
  };
}

/**
 * The release before has the events in the state; where it runs again, its own are the newer ones. A list of another gap is
 * one that a run did not remove.
 */
function gapWithEvents(gap: Gap, gapList: Item | null): Gap {
  if (gap.events.length > 0) return gap;
  const list = v.safeParse(GapListSchema, gapList);
  if (!list.success || list.output.gap.gapId !== gap.gapId) return gap;
  return { ...gap, events: list.output.gap.events };
}

/**
 * No other run has checked it meanwhile. Without a claim the lease says so; should it have ended, the time of the last
 * check does.
 */
function requireOurs(update: DynamoUpdate, { claimedUntil, memory }: ClaimedApplication): void {
  if (claimedUntil !== null) {
    update.requireEqual("claimedUntil", claimedUntil);
    return;
  }
  update.requirePresent("pk");
  // What was forgotten has not been checked either.
  update.requireAbsent("forgottenAt");
  update.requireAbsent("claimedUntil");
  if (memory.checkedAt === null) update.requireAbsent("checkedAt");
  else update.requireEqual("checkedAt", memory.checkedAt);
}

/** The poller's own attributes, and the end of the claim. */
function updateOf({ memory, gap }: CheckPlan): DynamoUpdate {
  const update = new DynamoUpdate();
  update.remove("claimedUntil");
  for (const [name, value] of Object.entries({
    ...memoryAttributes(memory),
    ...gapAttributes(gap),
  })) {
    if (value === null || value === 0) update.remove(name);
    else update.set(name, value);
  }
  return update;
}

function memoryAttributes(memory: CheckMemory) {
  const { checkedAt, reschedules, failedChecks, unknownSince, unsettledSince, shareUsedTo } =
    memory;
  // The requester of the check writes `checkAskedAt`.
  const times = { checkedAt, unknownSince, unsettledSince, shareUsedTo };
  // Two numbers: a map with their names would be twice as large, and each merge pays for the item.
  const wait = memory.wait === null ? null : [memory.wait.dueAt, memory.wait.until];
  return { ...times, wait, checkPushes: reschedules, failedChecks };
}

function gapAttributes(gap: Gap | null) {
  return {
    // Its events stand beside the state (`#listGap`).
    gap: gap === null ? null : { ...gap, events: [] },
    gapPk: gap === null ? null : GAP_PARTITION,
    gapSince: gap?.since ?? null,
    gapStage: gap?.stage ?? null,
  };
}

function recordedEventOf(item: Item): RecordedEvent {
  const { eventAt: at, ...event } = v.parse(EventSchema, item);
  return { ...event, at };
}
