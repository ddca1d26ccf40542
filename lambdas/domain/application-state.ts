import { isFinal } from "./event-types.ts";
import type { ApplicationStatus, FinalStatus } from "./event-types.ts";
import type { Environment, ExternalIds } from "./journey-event.ts";
import type { Stamp } from "./stamp.ts";

/**
 * What we know of one Journey Application.
 *
 * It is a product of registers, each of which only ever grows: the newest progress, the newest final
 * event, the newest reopening, and so on. Merging takes the larger one in each register, so it is
 * commutative, associative and idempotent: any multiset of observations in any order gives one state
 * (design 2.7). Status and outcome are functions of the registers (`statusOf`, `outcomeOf`).
 */
export interface ApplicationState {
  readonly applicationToken: string;
  readonly journeyToken: string | null;
  readonly journeyName: string | null;
  readonly environment: Environment | null;
  /** Without the entity's, of which an application has as many as entities. */
  readonly externalIds: ApplicationExternalIds;
  /** When the onboarding service submitted it; the earliest that we heard of. */
  readonly submittedAt: number | null;
  /** When Alloy started it, by its own event. */
  readonly startedAt: number | null;
  /** Time of the newest event. */
  readonly lastEventAt: number | null;
  readonly progress: StatusRegister | null;
  readonly final: FinalRegister | null;
  /** The events after which what was final may move again; status null: as it was before. */
  readonly reopenings: Readonly<Record<Stamp, ApplicationStatus | null>>;
  /** An open status by Alloy's own answer, which reopens too; the newest. */
  readonly stated: StatusRegister | null;
  /** By `entity_application_token`. */
  readonly entities: Readonly<Record<string, EntityRegister>>;
  /** The neighbours of a rerun. */
  readonly chain: ChainRegisters;
  /** Events that the poller, not a webhook, brought; by event id. */
  readonly healed: Readonly<Record<string, HealedEvent>>;
  /** Alloy says that it is a shadow application: it must have no effect. */
  readonly isShadow: boolean;
}

export type ApplicationExternalIds = Omit<ExternalIds, "entity">;

export interface StatusRegister {
  readonly stamp: Stamp;
  readonly status: ApplicationStatus;
}

export interface FinalRegister {
  readonly stamp: Stamp;
  readonly status: FinalStatus;
  readonly outcome: string | null;
}

export interface EntityRegister {
  readonly stamp: Stamp;
  readonly status: ApplicationStatus;
  readonly outcome: string | null;
}

/** Reruns make a chain of applications; each token names a neighbour. */
export interface RerunChain {
  readonly previous: string | null;
  readonly root: string | null;
  readonly next: string | null;
}

export type ChainRegisters = { readonly [Neighbour in keyof RerunChain]: ChainRegister | null };

export interface ChainRegister {
  /** Begins with the authority of whoever names the neighbour: Alloy's own answer above an event. */
  readonly stamp: Stamp;
  readonly token: string;
}

/** By what a webhook that comes after all is known for the same event (`twin.ts`). */
export interface HealedEvent {
  readonly type: string;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly entityApplicationToken: string | null;
  readonly nodeId: string | null;
  readonly eventToken: string | null;
  /** Ids of other events that only look alike: Alloy's list holds them beside this one. */
  readonly siblings: readonly string[];
}

/** The join of two states of one application: in each register the larger one. */
export function mergeState(left: ApplicationState, right: ApplicationState): ApplicationState {
  return {
    applicationToken: left.applicationToken,
    journeyToken: larger(left.journeyToken, right.journeyToken),
    journeyName: larger(left.journeyName, right.journeyName),
    environment: larger(left.environment, right.environment),
    externalIds: {
      group: larger(left.externalIds.group, right.externalIds.group),
      partner: larger(left.externalIds.partner, right.externalIds.partner),
      application: larger(left.externalIds.application, right.externalIds.application),
    },
    submittedAt: smaller(left.submittedAt, right.submittedAt),
    startedAt: smaller(left.startedAt, right.startedAt),
    lastEventAt: larger(left.lastEventAt, right.lastEventAt),
    progress: newer(left.progress, right.progress),
    final: newer(left.final, right.final),
    reopenings: mergeEach(left.reopenings, right.reopenings, largerAsText),
    stated: newer(left.stated, right.stated),
    entities: mergeEach(left.entities, right.entities, newerOf),
    chain: {
      previous: newer(left.chain.previous, right.chain.previous),
      root: newer(left.chain.root, right.chain.root),
      next: newer(left.chain.next, right.chain.next),
    },
    healed: mergeEach(left.healed, right.healed, largerAsText),
    isShadow: left.isShadow || right.isShadow,
  };
}

/**
 * The application's status: a final one absorbs progress, whatever its time, and only a reopening
 * later than the final one starts a new epoch. Null while only the submission is known.
 */
export function statusOf(state: ApplicationState): ApplicationStatus | null {
  const { progress, final } = state;
  const reopenings = reopeningsOf(state).filter(({ stamp }) => isAfter(stamp, final));
  const [epoch] = reopenings.map(({ stamp }) => ({ stamp })).toSorted(byStamp);
  if (final !== null && epoch === undefined) return final.status;

  // What was said before the epoch began does not count in it.
  const since = final === null ? null : (epoch ?? null);
  const moves = progress !== null && isAfter(progress.stamp, since) ? [progress] : [];
  const newest = [...reopenings, ...moves]
    .toSorted(byStamp)
    .findLast(({ status }) => status !== null);
  // A rerun and an unarchiving say that it may move, not whither.
  return newest?.status ?? final?.status ?? null;
}

function reopeningsOf({ reopenings, stated }: ApplicationState) {
  const events = Object.entries(reopenings).map(([stamp, status]) => ({ stamp, status }));
  return stated === null ? events : [...events, stated];
}

/** Of all that reopened the application, the newest; null when nothing has. */
export function lastReopeningOf(state: ApplicationState): Stamp | null {
  return reopeningsOf(state).toSorted(byStamp).at(-1)?.stamp ?? null;
}

/** The application's outcome: Alloy has one only on a completed application (its page "Statuses and outcomes"). */
export function outcomeOf(state: ApplicationState): string | null {
  return statusOf(state) === "completed" ? (state.final?.outcome ?? null) : null;
}

/** Whether the application has ended, as far as we know. */
export function hasEnded(state: ApplicationState): boolean {
  const status = statusOf(state);
  return status !== null && isFinal(status);
}

function mergeEach<Value>(
  left: Readonly<Record<string, Value>>,
  right: Readonly<Record<string, Value>>,
  join: (left: Value, right: Value) => Value,
): Readonly<Record<string, Value>> {
  // As it is most of the time; what comes of a merge is in order already.
  if (Object.keys(right).length === 0) return left;
  if (Object.keys(left).length === 0) return right;
  const merged = new Map(Object.entries(left));
  for (const [key, value] of Object.entries(right)) {
    const known = merged.get(key);
    merged.set(key, known === undefined ? value : join(known, value));
  }
  // In a fixed order, so that equal states are equal as text too.
  return Object.fromEntries([...merged].sort(([one], [other]) => (one < other ? -1 : 1)));
}

function newer<Register extends { readonly stamp: Stamp }>(
  left: Register | null,
  right: Register | null,
): Register | null {
  if (left === null || right === null) return left ?? right;
  return newerOf(left, right);
}

function newerOf<Register extends { readonly stamp: Stamp }>(
  left: Register,
  right: Register,
): Register {
  if (left.stamp !== right.stamp) return left.stamp > right.stamp ? left : right;
  // One stamp with two contents (Alloy answered twice within one `updated_at`): a fixed order decides.
  return largerAsText(left, right);
}

function isAfter(stamp: Stamp, register: { readonly stamp: Stamp } | null): boolean {
  return register === null || stamp > register.stamp;
}

function byStamp(one: { readonly stamp: Stamp }, other: { readonly stamp: Stamp }): number {
  return one.stamp < other.stamp ? -1 : 1;
}

function largerAsText<Value>(left: Value, right: Value): Value {
  return JSON.stringify(left) >= JSON.stringify(right) ? left : right;
}

function larger<Value extends string | number>(left: Value | null, right: Value | null) {
  if (left === null || right === null) return left ?? right;
  return left >= right ? left : right;
}

function smaller(left: number | null, right: number | null): number | null {
  if (left === null || right === null) return left ?? right;
  return Math.min(left, right);
}
