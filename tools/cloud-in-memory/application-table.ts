import { dueShardOf } from "../../lambdas/adapters/dynamo/application-item.ts";
import type { HealedMark, NearbyReports } from "../../lambdas/domain/application/alias.ts";
import {
  forgottenState,
  hasEnded,
  mergeState,
  newerOf,
} from "../../lambdas/domain/application/application-state.ts";
import type {
  ApplicationState,
  EntityRegister,
} from "../../lambdas/domain/application/application-state.ts";
import type { Gap } from "../../lambdas/domain/reconciliation/gap.ts";
import type { JourneyEvent } from "../../lambdas/domain/event/journey-event.ts";
import { WHOLE } from "../../lambdas/settings/poller-share.ts";
import type { Part } from "../../lambdas/settings/poller-share.ts";
import { NEVER_CHECKED } from "../../lambdas/domain/polling/polling-ports.ts";
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
} from "../../lambdas/domain/polling/polling-ports.ts";
import type {
  ApplicationStore,
  CheckRequest,
  EventPlace,
  EventRecord,
  FailureRecord,
  Merged,
  MergeStep,
  Recording,
  RecordLock,
} from "../../lambdas/domain/ports.ts";
import { reportOf, ALIAS_MS } from "../../lambdas/domain/reconciliation/reconciliation.ts";
import { mergeOver } from "../../lambdas/domain/application/withholding.ts";
import { APPLICANTS } from "../../lambdas/settings/limits.ts";
import { checkEventKey, checkStateKeys } from "./table-limits.ts";

/** An application as it is kept; times in epoch milliseconds. */
export interface KeptApplication {
  readonly state: ApplicationState;
  /** Counted up with every merge; null for an application that nobody merged into. */
  readonly revision: number | null;
  /** The next check; null when none is planned. */
  readonly dueAt: number | null;
  /** Its previous check failed: it is due behind all others. */
  readonly hasFailed: boolean;
  /** Until when one run may check it, and no other; null when none does. */
  readonly claimedUntil: number | null;
  /** When the last check confirmed the end; null while the application is to be checked. */
  readonly settledAt: number | null;
  readonly memory: CheckMemory;
  readonly gap: Gap | null;
  /** What its merged events add up to; null: nothing does. */
  readonly tally: number | null;
}

/**
 * `ApplicationTable` in memory, behind both of its ports: the pure merge, and the rules of the indices
 * `due` and `gap`, said as plainly as can be. Nothing expires. The DynamoDB adapters pass the same
 * contract suites.
 */
export class MemoryApplicationTable implements ApplicationStore, DueApplications {
  /** By application token. */
  readonly applications = new Map<string, KeptApplication>();
  /** By event id. */
  readonly events = new Map<string, EventRecord>();
  /** By application token and event id. */
  readonly failures = new Map<string, FailureRecord>();
  #witness: Witness | null = null;
  /** Until when a run of the poller holds the lease of a part. */
  readonly #heldUntil = new Map<number, number>();
  /** Of applicants that left their application, by application token and entity token. */
  readonly applicants = new Map<string, EntityRegister>();
  /** Marks of healed events, by event id. */
  readonly marks = new Map<string, HealedMark>();
  /** Of the index `due`, by application token: each run lists all, and a hash takes longer than the rest of that. */
  readonly #shards = new Map<string, string>();
  /** The same items by application token: a world of many applications must not search them all. */
  readonly #eventsOf = new Map<string, Map<string, EventRecord>>();
  readonly #failuresOf = new Map<string, Map<string, FailureRecord>>();
  readonly #marksOf = new Map<string, Map<string, HealedMark>>();

  async recordEvent(event: EventRecord): Promise<Recording> {
    const { eventId } = event;
    checkEventKey(event);
    const kept = this.events.get(eventId);
    const { receiptId, receivedAt, isWithheld, outcome, lock } = kept ?? event;
    const recording = { receiptId, receivedAt, isWithheld, outcome, ...(lock && { lock }) };
    if (kept !== undefined) return { isNew: false, ...recording };
    this.#replace(event);
    return { isNew: true, ...recording };
  }

  async unlockEvent({ eventId }: EventPlace, { by, until }: RecordLock): Promise<void> {
    const event = this.events.get(eventId);
    if (event?.lock?.by !== by || event.lock.until !== until) return;
    this.#replace({ ...event, lock: { by, until: 0 } });
  }

  async lockOf({ eventId }: EventPlace): Promise<RecordLock | null> {
    return this.events.get(eventId)?.lock ?? null;
  }

  async withholdEvent({ eventId }: JourneyEvent): Promise<void> {
    const event = this.events.get(eventId);
    if (event === undefined) return;
    this.#replace({ ...event, isWithheld: true });
  }

  #replace(event: EventRecord): void {
    const { applicationToken, eventId } = event;
    this.events.set(eventId, event);
    if (applicationToken !== null) {
      innerMap(this.#eventsOf, applicationToken).set(eventId, event);
    }
  }

  async markHealed(_: string, mark: HealedMark): Promise<void> {
    const { eventId } = mark.event;
    if (!this.marks.has(eventId)) this.#keepMark(mark);
  }

  #keepMark(mark: HealedMark): void {
    const { applicationToken, eventId } = mark.event;
    this.marks.set(eventId, mark);
    innerMap(this.#marksOf, applicationToken).set(eventId, mark);
  }

  async noteWebhookOf({ eventId }: HealedMark["event"], webhook: JourneyEvent): Promise<void> {
    const mark = this.marks.get(eventId);
    if (mark === undefined) return;
    const others = mark.webhooks.filter((one) => one.eventId !== webhook.eventId);
    this.#keepMark({ ...mark, webhooks: [...others, reportOf(webhook)] });
  }

  async forgetEvent({
    applicationToken,
    eventId,
  }: Pick<JourneyEvent, "applicationToken" | "eventId">): Promise<void> {
    this.events.delete(eventId);
    this.#eventsOf.get(applicationToken)?.delete(eventId);
  }

  async eraseEvent(event: Parameters<ApplicationStore["eraseEvent"]>[0]): Promise<void> {
    await this.forgetEvent(event);
    this.marks.delete(event.eventId);
    this.#marksOf.get(event.applicationToken)?.delete(event.eventId);
    await this.clearFailure(event.applicationToken, event.eventId);
  }

  async reportsNear({ applicationToken, at }: JourneyEvent): Promise<NearbyReports> {
    const isNear = (other: { readonly at: number }) => Math.abs(other.at - at) <= ALIAS_MS;
    return {
      recorded: this.eventsInOrder(applicationToken).filter(isNear).map(recordedReportOf),
      marks: [...(this.#marksOf.get(applicationToken)?.values() ?? [])].filter(({ event }) =>
        isNear(event),
      ),
    };
  }

  async readApplicant(
    applicationToken: string,
    entityToken: string,
  ): Promise<EntityRegister | null> {
    return this.applicants.get(keyOf(applicationToken, entityToken)) ?? null;
  }

  async readState(applicationToken: string): Promise<ApplicationState | null> {
    return this.applications.get(applicationToken)?.state ?? null;
  }

  async mergeState(observation: ApplicationState, check: CheckRequest): Promise<Merged> {
    const { applicationToken } = observation;
    const kept = this.applications.get(applicationToken);
    const after = mergeOver(kept?.state ?? null, observation);
    if (after.forgottenAt !== null && kept !== undefined) return { before: kept.state, after };
    checkStateKeys(after);
    const memory = kept?.memory ?? NEVER_CHECKED;
    const isWantedNow = check.when === "now" || isAnotherEnd(kept?.state, observation, check);
    this.applications.set(applicationToken, {
      state: this.#withoutApplicants(after),
      revision: (kept?.revision ?? 0) + 1,
      ...checkAfter(kept, after, check.dueAt, isWantedNow),
      claimedUntil: kept?.claimedUntil ?? null,
      memory: isWantedNow ? { ...memory, requestedAt: check.dueAt } : memory,
      gap: kept?.gap ?? null,
      tally: tallied(kept?.tally ?? null, observation.tally),
    });
    return { before: kept?.state ?? null, after };
  }

  async mergeEach(steps: readonly MergeStep[]): Promise<readonly Merged[]> {
    const merged: Merged[] = [];
    for (const { observation, check } of steps) {
      merged.push(await this.mergeState(observation, check));
    }
    return merged;
  }

  /** Once there are too many applicants, those that moved last stay with the application. */
  #withoutApplicants(state: ApplicationState): ApplicationState {
    const registers = Object.entries(state.entities);
    if (registers.length <= APPLICANTS.most) return state;
    const inOrder = registers.toSorted(([, one], [, other]) => (one.stamp < other.stamp ? -1 : 1));
    const leaving = inOrder.slice(0, registers.length - APPLICANTS.kept);
    for (const [token, register] of leaving) {
      const key = keyOf(state.applicationToken, token);
      const stored = this.applicants.get(key);
      this.applicants.set(key, stored === undefined ? register : newerOf(stored, register));
    }
    const newest = leaving.at(-1)?.[1].stamp ?? "";
    const until = state.applicantsStoredUntil ?? "";
    return {
      ...state,
      entities: Object.fromEntries(
        registers.filter(([token]) => !leaving.some(([left]) => left === token)),
      ),
      applicantsStoredUntil: newest > until ? newest : until,
    };
  }

  async recordFailure(failure: FailureRecord): Promise<void> {
    const { applicationToken, eventId } = failure;
    if ((this.applications.get(applicationToken)?.state.forgottenAt ?? null) !== null) return;
    this.failures.set(keyOf(applicationToken, eventId), failure);
    innerMap(this.#failuresOf, applicationToken).set(eventId, failure);
  }

  async hasFailure(applicationToken: string, eventId: string): Promise<boolean> {
    return this.failures.has(keyOf(applicationToken, eventId));
  }

  async clearFailure(applicationToken: string, eventId: string): Promise<void> {
    this.failures.delete(keyOf(applicationToken, eventId));
    this.#failuresOf.get(applicationToken)?.delete(eventId);
  }

  async list(
    now: number,
    limit: number,
    { number: own, of }: Part = WHOLE,
  ): Promise<readonly DueApplication[]> {
    const due: DueApplication[] = [];
    for (const [applicationToken, { dueAt, hasFailed }] of this.applications) {
      if (dueAt === null || dueAt > now) continue;
      const shard = hasFailed || of === 1 ? 0 : Number(this.#shardOf(applicationToken).slice(-1));
      if (shard % of === own) due.push({ applicationToken, dueAt, hasFailed });
    }
    due.sort(
      (one, other) => Number(one.hasFailed) - Number(other.hasFailed) || one.dueAt - other.dueAt,
    );
    return due.length <= limit
      ? due
      : firstOfEachPartition(due, limit, (token) => this.#shardOf(token));
  }

  #shardOf(applicationToken: string): string {
    const shard = this.#shards.get(applicationToken) ?? dueShardOf(applicationToken);
    this.#shards.set(applicationToken, shard);
    return shard;
  }

  async countDue(before: number): Promise<number> {
    const dueAts = [...this.applications.values()].map(({ dueAt }) => dueAt);
    return dueAts.filter((dueAt) => dueAt !== null && dueAt < before).length;
  }

  async begin({ now, until, part }: Lease): Promise<"begun" | "cut-off" | "held"> {
    const left = this.#heldUntil.get(part);
    if (left !== undefined && left > now) return "held";
    this.#heldUntil.set(part, until);
    return left === undefined ? "begun" : "cut-off";
  }

  async end({ until, part }: Lease): Promise<void> {
    if (this.#heldUntil.get(part) === until) this.#heldUntil.delete(part);
  }

  async take({ applicationToken, dueAt }: DueApplication): ReturnType<DueApplications["take"]> {
    const kept = this.applications.get(applicationToken);
    if (kept === undefined || kept.dueAt !== dueAt) return null;
    if (kept.claimedUntil !== null) return "claimed";
    const { state, memory, gap, revision } = kept;
    return {
      tally: this.#tallyOf(kept),
      state,
      memory,
      gap,
      revision,
      dueAt,
      claimedUntil: null,
      storedGap: gap,
    };
  }

  async claim(
    due: DueApplication,
    { now, until, again }: Claim,
  ): Promise<ClaimedApplication | null> {
    const { applicationToken } = due;
    const kept = this.applications.get(applicationToken);
    if (kept === undefined || kept.dueAt !== due.dueAt) return null;
    const { claimedUntil } = kept;
    if (claimedUntil !== null && claimedUntil > now) return null;
    const claimed =
      claimedUntil === null
        ? { ...kept, dueAt: due.dueAt, claimedUntil: until }
        : { ...kept, ...cutOff(kept, { now, until, again }), claimedUntil: until };
    this.applications.set(applicationToken, claimed);
    const { state, memory, gap, revision, dueAt } = claimed;
    const tally = this.#tallyOf(claimed);
    return { state, memory, gap, revision, dueAt, claimedUntil: until, storedGap: gap, tally };
  }

  async look(applicationToken: string): Promise<KnownApplication | null> {
    const kept = this.applications.get(applicationToken);
    if (kept === undefined) return null;
    const { state, memory, gap } = kept;
    return { state, memory, gap, tally: this.#tallyOf(kept) };
  }

  #tallyOf({ state: { applicationToken }, tally }: KeptApplication): number | null {
    return this.isAlone(applicationToken) ? tally : null;
  }

  /** Neither a failure nor a mark stands beside its state. */
  protected isAlone(applicationToken: string): boolean {
    const beside = [this.#failuresOf, this.#marksOf];
    return beside.every((items) => (items.get(applicationToken)?.size ?? 0) === 0);
  }

  async history(applicationToken: string): Promise<History> {
    const failures = [...(this.#failuresOf.get(applicationToken)?.values() ?? [])];
    return {
      events: this.eventsInOrder(applicationToken).map((event) => ({
        eventId: event.eventId,
        type: event.type,
        at: event.at,
        receivedAt: event.receivedAt,
        origin: event.origin,
        entityApplicationToken: event.entityApplicationToken,
        entityToken: event.entityToken,
        nodeId: event.nodeId,
        eventToken: event.eventToken,
        outcome: event.outcome,
        isWithheld: event.isWithheld,
      })),
      failures: failures.map(({ eventId, eventType, failedAt, reason, deadLettered }) => ({
        eventId,
        eventType,
        failedAt,
        reason,
        deadLettered,
      })),
    };
  }

  async plan(
    claimed: ClaimedApplication,
    { dueAt, memory, gap, at, learned }: CheckPlan,
  ): Promise<void> {
    const { applicationToken } = claimed.state;
    const kept = this.applications.get(applicationToken);
    // If the claim has ended, another run may have found something newer.
    if (kept === undefined || kept.claimedUntil !== claimed.claimedUntil) return;
    if (kept.state.forgottenAt !== null) return;
    if (claimed.claimedUntil === null && kept.memory.checkedAt !== claimed.memory.checkedAt) return;
    const isUnmerged = kept.revision === claimed.revision;
    const isDueAsClaimed = kept.dueAt === claimed.dueAt && (learned === undefined || isUnmerged);
    const isSettled = dueAt === null && isUnmerged;
    this.applications.set(applicationToken, {
      ...kept,
      // Who asked for a check is written by whoever asks.
      memory: { ...memory, requestedAt: kept.memory.requestedAt },
      gap,
      claimedUntil: null,
      ...(isDueAsClaimed && dueAt !== null && { dueAt, hasFailed: memory.failedChecks > 0 }),
      ...(isDueAsClaimed &&
        learned !== undefined && {
          state: mergeState(kept.state, learned),
          revision: (kept.revision ?? 0) + 1,
        }),
      ...(isDueAsClaimed && isSettled && { dueAt: null, settledAt: at }),
    });
  }

  async openGaps(since: number, limit: number): ReturnType<DueApplications["openGaps"]> {
    const open = [...this.applications]
      .flatMap(
        ([
          applicationToken,
          {
            state: { journeyToken },
            gap,
          },
        ]) => (gap !== null && gap.since <= since ? [{ applicationToken, journeyToken, gap }] : []),
      )
      .toSorted((one, other) => one.gap.since - other.gap.since)
      .map(({ applicationToken, journeyToken, gap: { stage } }) => ({
        applicationToken,
        journeyToken,
        stage,
      }));
    return { oldest: open.slice(0, limit), further: Math.max(0, open.length - limit) };
  }

  async witness(): Promise<Witness | null> {
    return this.#witness;
  }

  async keepWitness(changes: Partial<Witness>): Promise<void> {
    const nobody = { applicationToken: "", journeyToken: "", knownAt: 0, askedAt: null };
    this.#witness = { ...(this.#witness ?? nobody), ...changes };
  }

  /** What the operators' `check` does: the next run looks at the application, whatever was planned. */
  ask(applicationToken: string, now: number): void {
    const kept = this.applications.get(applicationToken);
    if (kept === undefined) return;
    const memory = { ...kept.memory, requestedAt: now };
    this.applications.set(applicationToken, {
      ...kept,
      memory,
      dueAt: now,
      hasFailed: false,
      settledAt: null,
    });
  }

  /** What the operators' `forget` leaves of an application. */
  forget(applicationToken: string, now: number): void {
    for (const { eventId } of this.#eventsOf.get(applicationToken)?.values() ?? [])
      this.events.delete(eventId);
    for (const eventId of this.#marksOf.get(applicationToken)?.keys() ?? [])
      this.marks.delete(eventId);
    for (const items of [this.failures, this.applicants])
      for (const key of items.keys()) if (key.startsWith(`${applicationToken} `)) items.delete(key);
    this.#eventsOf.delete(applicationToken);
    this.#failuresOf.delete(applicationToken);
    this.#marksOf.delete(applicationToken);
    this.applications.set(applicationToken, {
      state: forgottenState(applicationToken, now),
      revision: null,
      dueAt: null,
      hasFailed: false,
      claimedUntil: null,
      settledAt: now,
      memory: NEVER_CHECKED,
      gap: null,
      tally: null,
    });
  }

  /** Keeps all items as they are. @returns what puts the table back to them, as a restore to this moment does. */
  snapshot(): () => void {
    const flat = [
      keptMap(this.applications),
      keptMap(this.events),
      keptMap(this.failures),
      keptMap(this.applicants),
      keptMap(this.marks),
      keptMap(this.#heldUntil),
    ];
    const nested = [
      keptNested(this.#eventsOf),
      keptNested(this.#failuresOf),
      keptNested(this.#marksOf),
    ];
    const witness = this.#witness;
    return () => {
      for (const restore of [...flat, ...nested]) restore();
      this.#witness = witness;
    };
  }

  /** As the table's sort key has them: by time, then by id. */
  eventsInOrder(applicationToken: string): readonly EventRecord[] {
    return [...(this.#eventsOf.get(applicationToken)?.values() ?? [])].sort(
      (one, other) => one.at - other.at || (one.eventId < other.eventId ? -1 : 1),
    );
  }
}

function tallied(before: number | null, added: number | undefined): number | null {
  return added === undefined ? before : (before ?? 0) + added;
}

function keyOf(applicationToken: string, id: string): string {
  return `${applicationToken} ${id}`;
}

function innerMap<Value>(outer: Map<string, Map<string, Value>>, key: string): Map<string, Value> {
  const inner = outer.get(key) ?? new Map<string, Value>();
  outer.set(key, inner);
  return inner;
}

function keptMap<Key, Value>(map: Map<Key, Value>): () => void {
  const kept = [...map];
  return () => {
    map.clear();
    for (const [key, value] of kept) map.set(key, value);
  };
}

function keptNested<Value>(outer: Map<string, Map<string, Value>>): () => void {
  const kept = [...outer].map(([key, inner]) => [key, [...inner]] as const);
  return () => {
    outer.clear();
    for (const [key, inner] of kept) outer.set(key, new Map(inner));
  };
}

/** The check before was cut off: that is a failed one, and the application goes behind all others. */
function cutOff({ memory }: KeptApplication, { until, again }: Claim) {
  const failedChecks = memory.failedChecks + 1;
  return {
    memory: { ...memory, failedChecks },
    dueAt: Math.max(until, again(failedChecks)),
    hasFailed: true,
  };
}

/** `list`'s limit counts per partition of the index. */
function firstOfEachPartition(
  due: readonly DueApplication[],
  limit: number,
  shardOf: (applicationToken: string) => string,
): readonly DueApplication[] {
  const counts = new Map<string, number>();
  return due.filter(({ applicationToken, hasFailed }) => {
    const partition = hasFailed ? "" : shardOf(applicationToken);
    const count = (counts.get(partition) ?? 0) + 1;
    counts.set(partition, count);
    return count <= limit;
  });
}

function recordedReportOf(event: EventRecord): NearbyReports["recorded"][number] {
  const { eventId, type, at, origin, entityApplicationToken, entityToken } = event;
  const { nodeId, eventToken, outcome } = event;
  const report = { eventId, type, at, origin, entityApplicationToken, entityToken };
  return { ...report, nodeId, eventToken, outcome };
}

function isAnotherEnd(
  before: ApplicationState | undefined,
  { end }: ApplicationState,
  { when }: CheckRequest,
): boolean {
  if (when !== "now-if-ended" || before === undefined || !hasEnded(before)) return false;
  return end?.stamp !== before.end?.stamp;
}

function checkAfter(
  kept: KeptApplication | undefined,
  state: ApplicationState,
  dueAt: number,
  isWantedNow: boolean,
): Pick<KeptApplication, "dueAt" | "hasFailed" | "settledAt"> {
  if (isWantedNow || kept === undefined) return { dueAt, hasFailed: false, settledAt: null };
  const { hasFailed } = kept;
  // What is final and confirmed is checked no more, unless it is not final after all.
  if (kept.settledAt !== null && hasEnded(state)) {
    return { dueAt: kept.dueAt, hasFailed, settledAt: kept.settledAt };
  }
  return {
    dueAt: kept.dueAt ?? dueAt,
    hasFailed: kept.dueAt !== null && hasFailed,
    settledAt: null,
  };
}
