import { GetQueueAttributesCommand } from "@aws-sdk/client-sqs";
import * as v from "valibot";

import { applicationKey, dueShard } from "../../lambdas/adapters/dynamo/application-item.ts";
import { GAP_PARTITION } from "../../lambdas/adapters/dynamo/dynamo-due-applications.ts";
import { TABLE } from "../../lambdas/settings/names.ts";
import { readApplication } from "../ops/application.ts";
import { lookThrough } from "../ops/dead-letter-queue.ts";
import type { DeadLetter } from "../ops/dead-letter.ts";
import type { Status } from "../ops/health-schema.ts";
import { firstIndexEntries, indexEntries } from "../ops/index-entries.ts";
import { statusOf } from "../ops/observe.ts";
import { tokensOf } from "../ops/person.ts";
import { withRecords } from "../ops/show.ts";
import type { ConnectedStack } from "../ops/stack.ts";
import { groupLetters } from "./letters.ts";
import { needsBy } from "./needs.ts";
import type { ConsoleSource, Listed } from "./source.ts";
import type { DeadLetterGroup, GapEntry, Needs } from "./view.ts";

/** Each look costs a few reads of an account that others work in; an emulator has nobody else. */
const PACE_MS = { account: 5_000, emulator: 1_000 } as const;

/** The list of open applications is read anew so often: of ten thousand it is ten queries. */
const LIST_LIFETIME_MS = 5_000;

/** Metrics and the attributes of all queues: what `ops status` reads costs 0.001 USD each time. */
const STATUS_LIFETIME_MS = { account: 60_000, emulator: 5_000 } as const;

/** So many dead letters are looked at for their reasons; the queue's own count says how many there are. */
const LETTERS_MOST = 200;

/** To look at dead letters hides them for moments: not more often than this, and only when their number has changed. */
const LETTERS_LIFETIME_MS = 30_000;

const GapItem = v.object({ pk: v.string(), gapStage: v.string(), gapSince: v.number() });
const DueItem = v.object({ pk: v.string(), dueAt: v.number() });

/** A stack that AWS's clients reach, in an account or in an emulator. */
export function makeStackSource(
  stack: ConnectedStack,
  options: { readonly now: () => number },
): ConsoleSource {
  const { now } = options;
  const listed = cached(() => listOf(stack), { now, lifetimeMs: LIST_LIFETIME_MS });
  const letters = letterGroups(stack, now);
  const place = stack.isLocal ? "emulator" : "account";
  const status = cached(() => statusOf(stack, now()), {
    now,
    lifetimeMs: STATUS_LIFETIME_MS[place],
  });
  return {
    stage: stack.stage,
    paceMs: PACE_MS[place],
    needs: () => needsOf(stack, { letters, status }),
    list: listed,
    async read(token, depth) {
      const application = await readApplication(stack, token, "metadata");
      return depth === "whole" ? withRecords(stack, application) : application;
    },
    find: (text) => tokensOf(stack, text),
  };
}

async function needsOf(
  stack: ConnectedStack,
  read: {
    readonly letters: (count: number) => Promise<readonly DeadLetterGroup[]>;
    readonly status: () => Promise<Status>;
  },
): Promise<Needs> {
  const unread: string[] = [];
  const orUnread = async <Value>(what: string, read: () => Promise<Value>, otherwise: Value) => {
    try {
      return await read();
    } catch (error) {
      unread.push(`${what}: ${error instanceof Error ? error.message : String(error)}`);
      return otherwise;
    }
  };
  const [status, { gaps, further: furtherGaps }, count] = await Promise.all([
    orUnread("The status", read.status, null),
    orUnread("The gaps", () => gapsOf(stack), { gaps: [], further: 0 }),
    orUnread("The dead-letter queue", () => depthOf(stack), 0),
  ]);
  const groups = await orUnread("The dead letters", () => read.letters(count), []);
  // The status is some moments old; what is read here is of now.
  const isNow = (one: Status["attention"][number]) =>
    one.kind !== "gaps" && one.name !== "DeadLetterQueue";
  const items = (status?.attention ?? []).filter(isNow);
  return needsBy({
    items,
    gaps,
    furtherGaps,
    deadLettered: count,
    deadLetters: groups,
    waiting: status?.queues.find(({ id }) => id === "EventQueue")?.waiting ?? 0,
    unread,
  });
}

/** So many of the oldest stand at the top of the list. */
const RANKED_GAPS = 10_000;

/** The oldest gaps, and how many more there are: a day's outage may leave a million. */
async function gapsOf(stack: ConnectedStack) {
  const gaps: GapEntry[] = [];
  const key = { gapPk: GAP_PARTITION };
  const { entries, further } = await firstIndexEntries(stack, TABLE.gapIndex, key, RANKED_GAPS);
  for (const item of entries) {
    // One item that is not of our form must not hide the others.
    const gap = v.safeParse(GapItem, item);
    if (!gap.success) continue;
    const { pk, gapStage, gapSince } = gap.output;
    gaps.push({ token: tokenOf(pk), stage: gapStage, since: gapSince });
  }
  return { gaps, further };
}

/** Those in gap, and those that are open or ended within a day: the ones that the poller is to check. */
async function listOf(stack: ConnectedStack): Promise<readonly Listed[]> {
  const shards = Array.from({ length: TABLE.dueShards }, (_, number) => dueShard(number));
  const due = await Promise.all(shards.map((shard) => dueIn(stack, shard)));
  const ranks = new Map(due.flat().map(({ token, dueAt }) => [token, -dueAt]));
  const { gaps } = await gapsOf(stack);
  for (const { token, since } of gaps) {
    ranks.set(token, Number.MAX_SAFE_INTEGER - since);
  }
  return [...ranks].map(([token, rank]) => ({ token, rank }));
}

async function dueIn(stack: ConnectedStack, shard: string) {
  const due: { readonly token: string; readonly dueAt: number }[] = [];
  for await (const item of indexEntries(stack, TABLE.dueIndex, { duePk: shard })) {
    const found = v.safeParse(DueItem, item);
    if (found.success) due.push({ token: tokenOf(found.output.pk), dueAt: found.output.dueAt });
  }
  return due;
}

function tokenOf(pk: string): string {
  return pk.slice(applicationKey("").pk.length);
}

async function depthOf({ sqs, deadLetterQueueUrl: QueueUrl }: ConnectedStack): Promise<number> {
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({
      QueueUrl,
      AttributeNames: ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
    }),
  );
  const { ApproximateNumberOfMessages: waiting, ApproximateNumberOfMessagesNotVisible: taken } =
    Attributes;
  return Number(waiting ?? 0) + Number(taken ?? 0);
}

function letterGroups(stack: ConnectedStack, now: () => number) {
  let readAt = Number.NEGATIVE_INFINITY;
  let readCount = 0;
  let groups: readonly DeadLetterGroup[] = [];
  let reading: Promise<void> | null = null;
  async function readAll(count: number): Promise<void> {
    const letters: DeadLetter[] = [];
    await lookThrough(stack, async (letter) => {
      letters.push(letter);
      return letters.length === LETTERS_MOST ? "stop" : "keep";
    });
    groups = groupLetters(letters);
    [readAt, readCount] = [now(), count];
  }
  return async (count: number): Promise<readonly DeadLetterGroup[]> => {
    if (count === 0) return [];
    const isOld = now() - readAt > LETTERS_LIFETIME_MS;
    if (count !== readCount && isOld) {
      reading ??= readAll(count).finally(() => {
        reading = null;
      });
      await reading;
    }
    return groups;
  };
}

/**
 * Reads at most once in a lifetime, and never twice at a time. Only the first caller waits: whoever finds the last value
 * too old gets it all the same, and the next one gets a newer one.
 */
function cached<Value>(
  read: () => Promise<Value>,
  { now, lifetimeMs }: { readonly now: () => number; readonly lifetimeMs: number },
): () => Promise<Value> {
  let last: { readonly value: Value } | null = null;
  let readAt = Number.NEGATIVE_INFINITY;
  let reading: Promise<Value> | null = null;
  async function readNow(): Promise<Value> {
    try {
      const value = await read();
      last = { value };
      readAt = now();
      return value;
    } finally {
      reading = null;
    }
  }
  return async () => {
    if (last === null) {
      reading ??= readNow();
      return reading;
    }
    if (now() - readAt < lifetimeMs) return last.value;
    if (reading === null) {
      reading = readNow();
      // A failure is the next caller's: the last value is not given for ever.
      reading.catch(() => {
        last = null;
      });
    }
    return last.value;
  };
}
