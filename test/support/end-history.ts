import * as fc from "fast-check";

import type { Envelope } from "../../lambdas/domain/event/envelope.ts";
import { TransientError } from "../../lambdas/domain/errors.ts";
import type { ApplicationState } from "../../lambdas/domain/application/application-state.ts";
import type { PublishedEvent } from "../../lambdas/domain/routing/published-event.ts";
import { outcomesOf } from "../../lambdas/domain/routing/journey-routes.ts";
import { routeOfStatus } from "../../lambdas/domain/routing/route.ts";
import type { ApplicationStatus } from "../../lambdas/domain/event/event-types.ts";
import { CONSUMER_SETTINGS } from "../../tools/cloud-in-memory/runtime.ts";
import { MemoryApplicationTable } from "../../tools/cloud-in-memory/application-table.ts";
import { AT, bothSides, HOUR, MINUTE, TOKEN } from "./both-sides.ts";
import type { Said } from "./both-sides.ts";

/*
 * One application of which Alloy raises many ends: its webhooks are late, lost, cut off and dead-lettered, and differ from
 * Alloy's list in time and outcome. The real consumer and the real poller see it over one table.
 */

const SECOND = 1_000;
/** What the poller queues comes so much later: other messages come first. */
const QUEUE_DELAYS = [20 * MINUTE, 9 * HOUR] as const;
const RETRY_MS = [5, 30, 180, 600, 1_800].map((seconds) => seconds * SECOND);
const LAST_TRY = 6;

const CALLS = ["recordEvent", "mergeState", "withholdEvent", "reportsNear", "readState"] as const;

interface Fault {
  readonly call: (typeof CALLS)[number] | "publish";
  readonly when: "before" | "after";
  /** The message is given up. */
  readonly isLast: boolean;
}

export type Step = { readonly waitMs: number } & (
  | {
      readonly kind: "event";
      readonly type: string;
      readonly outcome: string | null;
      /** Alloy's application follows it; not every error or second end does that. */
      readonly isTaken: boolean;
      /** By how much the webhook dates it otherwise than the list, milliseconds. */
      readonly offMs: number;
      readonly isNamedByWebhook: boolean;
      readonly isNamedByList: boolean;
    }
  | { readonly kind: "change"; readonly status: ApplicationStatus; readonly outcome: string | null }
  | { readonly kind: "check" }
  /** Of a pending webhook, a queued message, a dead letter, or a webhook that is never sent: the nth. */
  | {
      readonly kind: "webhook" | "message" | "redrive";
      readonly nth: number;
      readonly fault: Fault | null;
    }
  | { readonly kind: "lose"; readonly nth: number }
);

export interface EndHistory {
  readonly steps: readonly Step[];
  readonly queueDelayMs: number;
}

const waitMs = fc.constantFrom(
  10,
  500,
  3 * SECOND,
  20 * SECOND,
  MINUTE,
  5 * MINUTE,
  20 * MINUTE,
  2 * HOUR,
);
const outcome = fc.constantFrom("Approved", "Approved", "Denied");
const nth = fc.nat(4);
const fault = fc.option(
  fc.record({
    call: fc.constantFrom(...CALLS, "publish"),
    when: fc.constantFrom("before", "after"),
    isLast: fc.boolean(),
  }),
  { freq: 1 },
);
const isUsual = fc.constantFrom(true, true, true, false);

const anEvent = fc
  .record({
    kind: fc.constant("event"),
    waitMs,
    type: fc.constantFrom(
      "completed_application",
      "completed_application",
      "application_expired",
      "error",
      "application_unarchived",
      "journey_application_retriggered",
    ),
    outcome,
    isTaken: fc.boolean(),
    offMs: fc.constantFrom(0, 0, 0, -1_900, -400, -16, 1, 16, 400, 1_900),
    isNamedByWebhook: isUsual,
    isNamedByList: isUsual,
  })
  .map((event) => ({
    ...event,
    outcome: event.type === "completed_application" ? event.outcome : null,
  }));

const aStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: anEvent },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constantFrom("webhook", "webhook", "message", "redrive"),
      waitMs,
      nth,
      fault,
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("check"), waitMs }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("lose"), waitMs, nth }) },
  {
    weight: 1,
    arbitrary: fc
      .record({
        kind: fc.constant("change"),
        waitMs,
        status: fc.constantFrom<ApplicationStatus>("completed", "expired", "error", "running"),
        outcome,
      })
      .map((one) => ({ ...one, outcome: one.status === "completed" ? one.outcome : null })),
  },
);

export const END_HISTORY: fc.Arbitrary<EndHistory> = fc.record({
  steps: fc.array(aStep, { minLength: 3, maxLength: 14 }),
  queueDelayMs: fc.constantFrom(...QUEUE_DELAYS),
});

/** What came of a history in four days, by when everything has come that will come. */
export interface EndResult {
  /** Alloy's last word. */
  readonly status: ApplicationStatus;
  readonly outcome: string | null;
  /** Routes that Alloy's decisions came to, and that events which leave out an outcome come to. */
  readonly decided: readonly string[];
  readonly isReopened: boolean;
  readonly state: ApplicationState;
  /** The ends that downstream received, and Alloy's answers that the application is open. */
  readonly published: readonly PublishedEvent[];
  /** What the last check queued. */
  readonly lastQueued: number;
}

interface Queued {
  readonly envelope: Envelope;
  readonly receives: number;
  readonly dueAt: number;
}

const STATUS_AFTER: Readonly<Record<string, ApplicationStatus>> = {
  completed_application: "completed",
  application_expired: "expired",
  error: "error",
};
const FINAL: readonly ApplicationStatus[] = ["completed", "expired", "error"];

/** Plays a history. @param table - where what is known is kept. */
export async function play(
  { steps, queueDelayMs }: EndHistory,
  table = new MemoryApplicationTable(),
): Promise<EndResult> {
  const sides = bothSides({ store: table });
  const { store, faults, published, now } = sides;
  const started: Said = { type: "started_application", timestamp: AT };
  const listed: Said[] = [started];
  const webhooks: Said[] = [];
  const deadLetters: Queued[] = [];
  const decided = new Set<string>();
  let queue: readonly Queued[] = [];
  let status: ApplicationStatus = "running";
  let outcomeAtAlloy: string | null = null;
  let updatedAt = AT;
  let isReopened = false;

  sides.waitUntil(AT);
  await take(webhookOf(started), null);
  for (const step of steps) {
    await advance(step.waitMs);
    await act(step);
  }
  await advance(5 * MINUTE);
  for (const data of webhooks.splice(0)) {
    await take(webhookOf(data), null);
    await advance(3 * SECOND);
  }
  let lastQueued = 0;
  for (const minutes of [15, 20, 60, 120, 360, 840, 1_500, 1_500, 1_500]) {
    await advance(minutes * MINUTE);
    lastQueued = await check();
    if (minutes !== 840) continue;
    for (const letter of deadLetters.splice(0)) await take(letter, null);
  }

  const state = store.applications.get(TOKEN)?.state;
  if (state === undefined) throw new Error("nothing is known of the application");
  isReopened ||= steps.some((step) => step.kind === "event" && step.type in REOPENINGS);
  return {
    status,
    outcome: outcomeAtAlloy,
    decided: [...decided],
    isReopened,
    state,
    published: published.filter(
      ({ route, eventType }) => route !== "progressed" || eventType === "snapshot",
    ),
    lastQueued,
  };

  async function act(step: Step): Promise<void> {
    switch (step.kind) {
      case "event":
        raise(step);
        return;
      case "change":
        stands(step.status, step.outcome);
        return;
      case "check":
        await check();
        return;
      case "webhook": {
        const webhook = removed(webhooks, step.nth);
        if (webhook !== undefined) await take(webhookOf(webhook), step.fault);
        return;
      }
      case "message": {
        const message = queue[step.nth % Math.max(1, queue.length)];
        if (message !== undefined) await take(message, step.fault);
        return;
      }
      case "redrive": {
        const letter = removed(deadLetters, step.nth);
        if (letter !== undefined) await take(letter, step.fault);
        return;
      }
      case "lose":
        removed(webhooks, step.nth);
    }
  }

  function raise({
    type,
    outcome: named,
    isTaken,
    offMs,
    ...by
  }: Extract<Step, { kind: "event" }>) {
    updatedAt = now();
    listed.push({ type, timestamp: updatedAt, ...(by.isNamedByList && { outcome: named }) });
    const timestamp = updatedAt + offMs;
    webhooks.push({ type, timestamp, ...(by.isNamedByWebhook && { outcome: named }) });
    const after = STATUS_AFTER[type];
    if (after === undefined) {
      if (isTaken) stands("running", null);
      return;
    }
    decided.add(routeOf(after, named));
    // The event may leave out its outcome.
    if (after === "completed") decided.add("completed");
    const isFollowed = isTaken || (type !== "error" && !FINAL.includes(status));
    if (isFollowed) stands(after, named);
  }

  function stands(after: ApplicationStatus, named: string | null): void {
    // An answer may say so before any event does.
    isReopened ||= FINAL.includes(status) && !FINAL.includes(after);
    status = after;
    outcomeAtAlloy = named;
    updatedAt = now();
    decided.add(routeOf(after, named));
  }

  function webhookOf(data: Said): Queued {
    return { envelope: sides.messageOf(data), receives: 0, dueAt: now() };
  }

  /** One try of a message, which goes back to the queue or to the dead letters if it fails. */
  async function take(message: Queued, failing: Fault | null): Promise<void> {
    const receives = failing?.isLast === true ? LAST_TRY : message.receives + 1;
    const putRight = failing === null ? () => {} : meets(failing);
    const result = await sides.tryOf(message.envelope, receives);
    putRight();
    queue = queue.filter((one) => one !== message);
    if (result === "dead") deadLetters.push({ ...message, receives: 0 });
    if (result !== "back") return;
    const delayMs = RETRY_MS[Math.min(receives, RETRY_MS.length) - 1] ?? 0;
    queue = [...queue, { ...message, receives, dueAt: now() + delayMs }];
  }

  /** The next call of its kind fails. @returns a function that puts all right. */
  function meets({ call, when }: Fault): () => void {
    sides.refuse(call === "publish" ? Number.POSITIVE_INFINITY : 0);
    const fail = async (act: () => Promise<unknown>): Promise<never> => {
      if (when === "after") await act();
      throw new TransientError("cut off");
    };
    const putRight = call === "publish" ? () => {} : faults.once(call, fail);
    return () => {
      sides.refuse(0);
      putRight();
    };
  }

  async function advance(ms: number): Promise<void> {
    const until = now() + ms;
    for (;;) {
      const [next] = queue
        .filter(({ dueAt }) => dueAt <= until)
        .toSorted((one, other) => one.dueAt - other.dueAt);
      if (next === undefined) break;
      sides.waitUntil(next.dueAt);
      await take(next, null);
    }
    sides.waitUntil(until);
  }

  /** The poller compares, and queues what it finds. */
  async function check(): Promise<number> {
    const sent = await sides.queued(now(), {
      events: listed,
      status,
      outcome: outcomeAtAlloy,
      updatedAt,
    });
    const dueAt = now() + queueDelayMs;
    queue = [...queue, ...sent.map((envelope) => ({ envelope, receives: 0, dueAt }))];
    return sent.length;
  }
}

const REOPENINGS = { application_unarchived: true, journey_application_retriggered: true };

/** What breaks the promise: each decision is published once, and the last one is Alloy's. */
export function faultsOf(result: EndResult): readonly string[] {
  const { status, outcome: atAlloy, decided, isReopened, published, lastQueued } = result;
  const routes = published.map(({ route }) => route).filter((route) => route !== "progressed");
  const faults: string[] = [];
  if (lastQueued > 0) faults.push("the poller does not stop");
  if (FINAL.includes(status)) {
    const wanted = routeOf(status, atAlloy);
    if (routes.at(-1) !== wanted) faults.push(`${wanted} is not the last that is published`);
  }
  const ids = published.map(({ eventId, route }) => `${eventId} ${route}`);
  if (new Set(ids).size < ids.length) faults.push("an id is published twice on a route");
  for (const route of routes) {
    if (!decided.includes(route)) faults.push(`${route} is published, and Alloy never decided it`);
  }
  const again = published.find(
    ({ route }, index) => route !== "progressed" && route === published[index - 1]?.route,
  );
  // The answer cannot say whether Alloy took a reopening between two equal ends.
  if (again !== undefined && !isReopened) faults.push(`${again.route} is published twice in a row`);
  return faults;
}

function routeOf(status: ApplicationStatus, named: string | null): string {
  return routeOfStatus(status, named, outcomesOf("J-1", CONSUMER_SETTINGS));
}

function removed<Value>(from: Value[], index: number): Value | undefined {
  const [one] = from.splice(index % Math.max(1, from.length), 1);
  return one;
}
