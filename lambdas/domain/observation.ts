import type {
  ApplicationExternalIds,
  ApplicationState,
  ChainRegister,
  ChainRegisters,
  EntityRegister,
  RerunChain,
} from "./application-state.ts";
import { factsOf, isFinal } from "./event-types.ts";
import type { ApplicationStatus } from "./event-types.ts";
import type { Environment, JourneyEvent } from "./journey-event.ts";
import { padded, stampOf, stampOfSnapshot } from "./stamp.ts";
import type { Stamp } from "./stamp.ts";

/*
 * What is said of an application, by an event, a submission or Alloy itself, as a state of which it is
 * all that is known. `mergeState` joins it with the rest.
 */

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

const noChain: ChainRegisters = { previous: null, root: null, next: null };

function emptyState(applicationToken: string): ApplicationState {
  return {
    applicationToken,
    journeyToken: null,
    journeyName: null,
    environment: null,
    externalIds: { group: null, partner: null, application: null },
    submittedAt: null,
    startedAt: null,
    lastEventAt: null,
    progress: null,
    final: null,
    reopenings: {},
    stated: null,
    entities: {},
    chain: noChain,
    healed: {},
    isShadow: false,
  };
}

/** What an event says of its application. */
export function stateOfEvent(event: JourneyEvent): ApplicationState {
  const { group, partner, application } = event.externalIds;
  const stamp = stampOf(event);
  const state = {
    ...emptyState(event.applicationToken),
    journeyToken: event.journeyToken,
    journeyName: event.journeyName,
    environment: event.environment,
    externalIds: { group, partner, application },
    startedAt: event.type === "started_application" ? event.at : null,
    lastEventAt: event.at,
    entities: entitiesOf(event),
    chain: { ...noChain, next: nextOf(event, stamp) },
    isShadow: event.isShadow,
  };
  const meaning = factsOf(event.type)?.meaning ?? { kind: "note" };
  const { kind } = meaning;
  switch (kind) {
    case "progress":
      return { ...state, progress: { stamp, status: meaning.status } };
    case "final":
      return { ...state, final: { stamp, status: meaning.status, outcome: event.outcome } };
    case "reopening":
      return { ...state, reopenings: { [stamp]: meaning.status } };
    case "note":
      return state;
  }
}

/**
 * What an event that the poller brought says: also by what its own webhook is known, should that come
 * after all.
 *
 * @param siblings - ids of other events that only look alike.
 */
export function stateOfHealedEvent(
  event: JourneyEvent,
  siblings: readonly string[],
): ApplicationState {
  const { eventId, type, at, entityApplicationToken, eventToken } = event;
  const { id: nodeId } = event.node;
  const healed = { type, at, entityApplicationToken, nodeId, eventToken, siblings };
  return { ...stateOfEvent(event), healed: { [eventId]: healed } };
}

/**
 * What a rerun's event on the original application says of the new one, or null. Alloy tells the root
 * of a chain of every rerun, so `previous` is the root until Alloy's own answer says better.
 */
export function stateOfRerun(event: JourneyEvent): ApplicationState | null {
  if (event.rerunApplicationToken === null) return null;
  return {
    ...emptyState(event.rerunApplicationToken),
    journeyToken: event.journeyToken,
    journeyName: event.journeyName,
    environment: event.environment,
    submittedAt: event.at,
    chain: { ...noChain, previous: neighbour("event", stampOf(event), event.applicationToken) },
  };
}

/** What the onboarding service says of an application. */
export function stateOfSubmission(submission: Submission): ApplicationState {
  return {
    ...emptyState(submission.applicationToken),
    journeyToken: submission.journeyToken,
    externalIds: submission.externalIds,
    submittedAt: submission.submittedAt,
  };
}

/**
 * What Alloy's own answer says. A final status is one more final event; an open one that is newer than
 * what we took for final reopens it.
 */
export function stateOfSnapshot(snapshot: Snapshot): ApplicationState {
  const { status, outcome, chain } = snapshot;
  const stamp = stampOfSnapshot(snapshot.at);
  const state = {
    ...emptyState(snapshot.applicationToken),
    journeyToken: snapshot.journeyToken,
    environment: snapshot.environment,
    externalIds: snapshot.externalIds,
    chain: {
      previous: neighbour("snapshot", stamp, chain.previous),
      root: neighbour("snapshot", stamp, chain.root),
      next: neighbour("snapshot", stamp, chain.next),
    },
    isShadow: snapshot.isShadow,
  };
  return isFinal(status)
    ? { ...state, final: { stamp, status, outcome } }
    : { ...state, stated: { stamp, status } };
}

function neighbour(
  by: "event" | "snapshot",
  stamp: Stamp,
  token: string | null,
): ChainRegister | null {
  if (token === null) return null;
  const authority = by === "snapshot" ? 2 : 1;
  return { stamp: `${authority}#${stamp}`, token };
}

function nextOf({ rerunApplicationToken }: JourneyEvent, stamp: Stamp): ChainRegister | null {
  // Of all events, hardly any names a rerun.
  if (rerunApplicationToken === null) return null;
  return neighbour("event", earliest(stamp), rerunApplicationToken);
}

/**
 * Turns the order of time around, for a register that keeps the earliest: of several reruns that are
 * named on one application, the first is its own, the others are of the chain that began there.
 */
function earliest(stamp: Stamp): Stamp {
  const [time = "", ...rest] = stamp.split("#");
  return [padded(10 ** 15 - 1 - Number(time)), ...rest].join("#");
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
