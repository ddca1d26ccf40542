import { factsOf } from "./event-types.ts";
import { isFinal } from "./event-types.ts";
import type { ApplicationStatus, FinalStatus } from "./event-types.ts";
import type { Environment, ExternalIds, JourneyEvent } from "./journey-event.ts";

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
  /** Time of the newest event. */
  readonly lastEventAt: number | null;
  readonly progress: StatusRegister<ApplicationStatus> | null;
  readonly final: FinalRegister | null;
  /** Status null: what it was before. */
  readonly reopened: StatusRegister<ApplicationStatus | null> | null;
  /** By `entity_application_token`. */
  readonly entities: Readonly<Record<string, EntityRegister>>;
  readonly chain: RerunChain;
  /** Alloy says that it is a shadow application: it must have no effect. */
  readonly isShadow: boolean;
}

export type ApplicationExternalIds = Omit<ExternalIds, "entity">;

/** `<15 digits of epoch ms>#<rank>#<event id>`: sorts by time, then by rank, then in a fixed order. */
export type Stamp = string;

export interface StatusRegister<Status> {
  readonly stamp: Stamp;
  readonly status: Status;
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

/** What the onboarding service announced (design 2.6). */
export interface Submission {
  readonly applicationToken: string;
  readonly journeyToken: string;
  readonly submittedAt: number;
  readonly externalIds: ApplicationExternalIds;
}

/** What Get Journey Application said, as far as the state is concerned. */
export interface Snapshot {
  readonly applicationToken: string;
  readonly journeyToken: string | null;
  readonly status: ApplicationStatus;
  readonly outcome: string | null;
  /** Alloy's `updated_at`, epoch milliseconds. */
  readonly at: number;
  readonly environment: Environment | null;
  readonly externalIds: ApplicationExternalIds;
  readonly chain: RerunChain;
  readonly isShadow: boolean;
}

const noExternalIds: ApplicationExternalIds = { group: null, partner: null, application: null };
const noChain: RerunChain = { previous: null, root: null, next: null };

function emptyState(applicationToken: string): ApplicationState {
  return {
    applicationToken,
    journeyToken: null,
    journeyName: null,
    environment: null,
    externalIds: noExternalIds,
    submittedAt: null,
    lastEventAt: null,
    progress: null,
    final: null,
    reopened: null,
    entities: {},
    chain: noChain,
    isShadow: false,
  };
}

/** The state of an application of which this event is all that is known. */
export function stateOfEvent(event: JourneyEvent): ApplicationState {
  const state = {
    ...emptyState(event.applicationToken),
    journeyToken: event.journeyToken,
    journeyName: event.journeyName,
    environment: event.environment,
    externalIds: {
      group: event.externalIds.group,
      partner: event.externalIds.partner,
      application: event.externalIds.application,
    },
    lastEventAt: event.at,
    chain: { ...noChain, next: event.rerunApplicationToken },
    entities: entitiesOf(event),
  };
  const meaning = factsOf(event.type)?.meaning ?? { kind: "note" };
  const { kind } = meaning;
  switch (kind) {
    case "progress":
      return { ...state, progress: { stamp: stampOf(event), status: meaning.status } };
    case "final":
      return {
        ...state,
        final: { stamp: stampOf(event), status: meaning.status, outcome: event.outcome },
      };
    case "reopening":
      return { ...state, reopened: { stamp: stampOf(event), status: meaning.status } };
    case "note":
      return state;
  }
}

/** The state of the new application that a rerun's event on the original one tells of, or null. */
export function stateOfRerun(event: JourneyEvent): ApplicationState | null {
  if (event.rerunApplicationToken === null) return null;
  return {
    ...emptyState(event.rerunApplicationToken),
    journeyToken: event.journeyToken,
    journeyName: event.journeyName,
    environment: event.environment,
    submittedAt: event.at,
    chain: { ...noChain, previous: event.applicationToken },
  };
}

/** The state of an application of which the submission is all that is known. */
export function stateOfSubmission(submission: Submission): ApplicationState {
  return {
    ...emptyState(submission.applicationToken),
    journeyToken: submission.journeyToken,
    externalIds: submission.externalIds,
    submittedAt: submission.submittedAt,
  };
}

/**
 * The state of an application of which Alloy's own answer is all that is known. A final status is
 * one more final event; an open one that is newer than what we took for final reopens it.
 */
export function stateOfSnapshot(snapshot: Snapshot): ApplicationState {
  const state = {
    ...emptyState(snapshot.applicationToken),
    journeyToken: snapshot.journeyToken,
    environment: snapshot.environment,
    externalIds: snapshot.externalIds,
    chain: snapshot.chain,
    isShadow: snapshot.isShadow,
  };
  const { status, outcome } = snapshot;
  const stamp = `${padded(snapshot.at)}#${SNAPSHOT_RANK}#`;
  return isFinal(status)
    ? { ...state, final: { stamp, status, outcome } }
    : { ...state, reopened: { stamp, status } };
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
    lastEventAt: larger(left.lastEventAt, right.lastEventAt),
    progress: newer(left.progress, right.progress),
    final: newer(left.final, right.final),
    reopened: newer(left.reopened, right.reopened),
    entities: mergeEntities(left.entities, right.entities),
    chain: {
      previous: larger(left.chain.previous, right.chain.previous),
      root: larger(left.chain.root, right.chain.root),
      next: larger(left.chain.next, right.chain.next),
    },
    isShadow: left.isShadow || right.isShadow,
  };
}

/**
 * The application's status: a final one absorbs progress, whatever its time, and only a reopening
 * later than the final one starts a new epoch. Null while only the submission is known.
 */
export function statusOf(state: ApplicationState): ApplicationStatus | null {
  const { progress, final, reopened } = state;
  if (final !== null && (reopened === null || reopened.stamp < final.stamp)) return final.status;
  if (reopened === null) return progress?.status ?? null;
  if (progress !== null && progress.stamp > reopened.stamp) return progress.status;
  return reopened.status ?? final?.status ?? progress?.status ?? null;
}

/** The application's outcome: Alloy has one only on a completed application (its page "Statuses and outcomes"). */
export function outcomeOf(state: ApplicationState): string | null {
  return statusOf(state) === "completed" ? (state.final?.outcome ?? null) : null;
}

/** Whether the status had been moved by something newer before this event came. */
export function isLate(event: JourneyEvent, before: ApplicationState): boolean {
  const stamp = stampOf(event);
  const moved = [before.progress, before.final, before.reopened];
  return moved.some((register) => register !== null && register.stamp > stamp);
}

/** Where an event stands among the others of its application. */
export function stampOf(event: JourneyEvent): Stamp {
  return `${padded(event.at)}#${rankOf(event)}#${event.eventId}`;
}

/**
 * Alloy's timestamps are milliseconds, and it raises several events in one: within it, waiting comes
 * after running, an end after both, and a reopening after the end.
 */
function rankOf(event: JourneyEvent): number {
  const meaning = factsOf(event.type)?.meaning ?? { kind: "note" };
  const { kind } = meaning;
  switch (kind) {
    case "note":
      return 0;
    case "progress":
      return meaning.status === "running" ? 1 : 2;
    case "final":
      // Of two ends in one millisecond, a completed application has an outcome to lose.
      return meaning.status === "completed" ? 4 : 3;
    case "reopening":
      return 5;
  }
}

/** Alloy's own word stands above every event of its millisecond. */
const SNAPSHOT_RANK = 9;

/** 15 digits hold epoch milliseconds until the year 33658, and sort as text. */
export function padded(epochMs: number): string {
  return String(epochMs).padStart(15, "0");
}

function entitiesOf(event: JourneyEvent): Readonly<Record<string, EntityRegister>> {
  const token = event.entityApplicationToken;
  const meaning = factsOf(event.type)?.meaning;
  // A reopening or a note says nothing about an entity's own status.
  if (token === null || meaning === undefined) return {};
  if (meaning.kind !== "progress" && meaning.kind !== "final") return {};
  // `completed_branch` is the end of one applicant, while the application goes on.
  const status = event.type === "completed_branch" ? "completed" : meaning.status;
  const outcome = isFinal(status) ? event.outcome : null;
  return { [token]: { stamp: stampOf(event), status, outcome } };
}

function mergeEntities(
  left: Readonly<Record<string, EntityRegister>>,
  right: Readonly<Record<string, EntityRegister>>,
): Readonly<Record<string, EntityRegister>> {
  const merged = new Map(Object.entries(left));
  for (const [token, register] of Object.entries(right)) {
    const joined = newer(merged.get(token) ?? null, register);
    if (joined !== null) merged.set(token, joined);
  }
  // In a fixed order, so that equal states are equal as text too.
  return Object.fromEntries([...merged].sort(([one], [other]) => (one < other ? -1 : 1)));
}

function newer<Register extends { readonly stamp: Stamp }>(
  left: Register | null,
  right: Register | null,
): Register | null {
  if (left === null || right === null) return left ?? right;
  if (left.stamp !== right.stamp) return left.stamp > right.stamp ? left : right;
  // One stamp with two contents (Alloy answered twice within one `updated_at`): a fixed order decides.
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
