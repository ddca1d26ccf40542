import { bareState, NO_CHAIN, NO_FACTS } from "./application-state.ts";
import type {
  Adoption,
  ApplicationExternalIds,
  ApplicationFacts,
  ApplicationState,
  ChainRegister,
  ChainRegisters,
  EntityRegister,
  FactLayers,
  RecordedAs,
  RerunChain,
  Standing,
} from "./application-state.ts";
import { entityIdsOf } from "./entity-ids.ts";
import type { EntityIds } from "./entity-ids.ts";
import { factsOf, isDecisive, isFinal } from "../event/event-types.ts";
import type { ApplicationStatus } from "../event/event-types.ts";
import type { ApplicationHint, Environment, JourneyEvent } from "../event/journey-event.ts";
import { padded, stampOf, stampOfAnswer } from "./stamp.ts";
import type { Stamp } from "./stamp.ts";

/*
 * What is said of an application, by an event, a submission or Alloy itself, as a state of which it is
 * all that is known. `mergeState` joins it with the rest.
 */

/** What the onboarding service announced (docs/contracts.md#submissions). */
export interface Submission {
  readonly applicationToken: string;
  /** Null when it does not say. */
  readonly journeyToken: string | null;
  /** Null of an adopted application whose file does not say it. */
  readonly submittedAt: number | null;
  readonly externalIds: ApplicationExternalIds;
  /** @default - of no entity */
  readonly entityIds?: EntityIds;
}

/** What Get Journey Application said, as far as the state is concerned. */
export interface Snapshot {
  readonly applicationToken: string;
  readonly journeyToken: string | null;
  /** Null for one that we do not know: it says nothing of where the application stands. */
  readonly status: ApplicationStatus | null;
  readonly outcome: string | null;
  /** Alloy's `updated_at`, epoch milliseconds. */
  readonly at: number;
  readonly environment: Environment | null;
  readonly externalIds: ApplicationExternalIds;
  /** @default - of no entity */
  readonly entityIds?: EntityIds;
  readonly chain: RerunChain;
  readonly isShadow: boolean;
}

/** A state in which one layer states these facts, and nothing else is known. */
function stateWith(
  applicationToken: string,
  by: keyof FactLayers,
  facts: ApplicationFacts,
): ApplicationState {
  const bare = bareState(applicationToken);
  const layers = { ...bare.facts };
  layers[by] = facts;
  return { ...bare, ...facts, facts: layers };
}

/** What an event says of its application. */
export function stateOfEvent(event: JourneyEvent): ApplicationState {
  return {
    ...stateWith(event.applicationToken, "events", factsBy(event)),
    startedAt: event.type === "started_application" ? event.at : null,
    lastEventAt: event.at,
    ...standingBy(event),
    entities: entitiesOf(event),
    entityIds: entityIdsOf([{ token: event.entityToken, externalId: event.externalIds.entity }]),
    chain: chainBy(event),
    isShadow: event.isShadow,
  };
}

const NOWHERE: Standing = { progress: null, end: null, lastEnd: null, answer: null };

/** Where its application stands by an event. */
export function standingBy(event: JourneyEvent): Standing {
  const meaning = factsOf(event.type)?.meaning ?? { kind: "note" };
  const { kind } = meaning;
  switch (kind) {
    case "progress":
      return { ...NOWHERE, progress: { stamp: stampOf(event), status: meaning.status } };
    case "final": {
      if (!isDecisive(event.type)) return NOWHERE;
      const end = { stamp: stampOf(event), status: meaning.status, outcome: event.outcome };
      return { ...NOWHERE, end, lastEnd: end };
    }
    case "reopening":
    case "rerun":
    case "note":
      return NOWHERE;
  }
}

function factsBy(event: JourneyEvent): ApplicationFacts {
  const { group, partner, application } = event.externalIds;
  return {
    journeyToken: event.journeyToken,
    journeyName: event.journeyName,
    environment: event.environment,
    externalIds: { group, partner, application },
  };
}

/** What an event that the poller brought says: also that a webhook of its time may come after all. */
export function stateOfHealedEvent(event: JourneyEvent): ApplicationState {
  return { ...stateOfEvent(event), healedUntil: event.at };
}

/**
 * What a rerun's event on the original application says of the new one, or null. Alloy tells the root
 * of a chain of every rerun, so `previous` is the root until Alloy's own answer says better.
 *
 * @param adopted - of the original, if the rerun is a part of its history.
 */
export function stateOfRerun(
  event: JourneyEvent,
  adopted: Adoption | null = null,
): ApplicationState | null {
  if (event.rerunApplicationToken === null) return null;
  const facts = { ...factsBy(event), externalIds: NO_FACTS.externalIds };
  return {
    ...stateWith(event.rerunApplicationToken, "events", facts),
    submittedAt: event.at,
    adopted,
    chain: { ...NO_CHAIN, previous: neighbour("event", stampOf(event), event.applicationToken) },
  };
}

/** What the answer about an application says of a rerun of it, beside the submission that the rerun is. */
export function lineageOfRerun(
  { snapshot, askedAt }: AnswerOf,
  rerun: { readonly createdAt: number | null; readonly initiatedBy: string | null },
): ChainRegisters {
  const stamp = stampOfAnswer(rerun.createdAt ?? snapshot.at, askedAt);
  return {
    ...NO_CHAIN,
    // Alloy lists the later reruns of a chain on its root too. The rerun's own answer knows better.
    previous: neighbour("event", stamp, snapshot.applicationToken),
    rerunBy: neighbour("event", stamp, rerun.initiatedBy),
  };
}

interface AnswerOf {
  readonly snapshot: Snapshot;
  /** When Alloy was asked, epoch milliseconds. */
  readonly askedAt: number;
}

/** What the record of an event says: with which outcome the event is published, and whether. */
export function stateOfRecord(applicationToken: string, recorded: RecordedAs): ApplicationState {
  return { ...bareState(applicationToken), proposal: { kind: "record", ...recorded } };
}

/** What a webhook says of which nothing but its application can be read: that there is one. */
export function stateOfHint(hint: ApplicationHint): ApplicationState {
  const { applicationToken, journeyToken, environment } = hint;
  return stateWith(applicationToken, "events", { ...NO_FACTS, journeyToken, environment });
}

/** What the onboarding service says of an application, or the person who adopts it. */
export function stateOfSubmission(
  submission: Submission,
  adopted: Adoption | null = null,
): ApplicationState {
  const { applicationToken, journeyToken, externalIds, entityIds = {}, submittedAt } = submission;
  const facts = { ...NO_FACTS, journeyToken, externalIds };
  return { ...stateWith(applicationToken, "submission", facts), entityIds, submittedAt, adopted };
}

/**
 * What Alloy's own answer says: whether the application has ended, or is open, whatever events said.
 *
 * @param askedAt - when Alloy was asked, epoch milliseconds.
 * @param correctionId - of the correction that brings it.
 * @param since - the last reopening that Alloy's list named.
 */
export function stateOfSnapshot(
  snapshot: Snapshot,
  askedAt: number,
  correctionId: string | null,
  since: Stamp | null,
): ApplicationState {
  const { status, outcome, chain, journeyToken, environment, externalIds } = snapshot;
  const stamp = stampOfAnswer(snapshot.at, askedAt);
  return {
    ...stateWith(snapshot.applicationToken, "answer", {
      ...NO_FACTS,
      journeyToken,
      environment,
      externalIds,
    }),
    // A status that we do not know says nothing of where the application stands.
    answer: status === null ? null : { stamp, status, outcome, correctionId, since },
    chain: {
      previous: neighbour("snapshot", stamp, chain.previous),
      root: neighbour("snapshot", stamp, chain.root),
      next: neighbour("snapshot", stamp, chain.next),
      rerunBy: neighbour("snapshot", stamp, chain.rerunBy),
      rootGroup: neighbour("snapshot", stamp, chain.rootGroup ?? null),
    },
    entityIds: snapshot.entityIds ?? {},
    isShadow: snapshot.isShadow,
  };
}

/** What Alloy's answer says of the ids of an application, and nothing else of it. */
export function stateOfIds(
  said: Pick<Snapshot, "applicationToken" | "at" | "externalIds"> & {
    readonly entityIds: EntityIds;
    readonly rootGroup: string | null;
    readonly askedAt: number;
  },
): ApplicationState {
  const { applicationToken, at, askedAt, externalIds, entityIds } = said;
  const rootGroup = neighbour("snapshot", stampOfAnswer(at, askedAt), said.rootGroup);
  return {
    ...stateWith(applicationToken, "answer", { ...NO_FACTS, externalIds }),
    entityIds,
    chain: { ...NO_CHAIN, rootGroup },
  };
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

function chainBy(event: JourneyEvent): ChainRegisters {
  const { rerunApplicationToken } = event;
  // Of all events, hardly any names a rerun.
  if (rerunApplicationToken === null) return NO_CHAIN;
  return { ...NO_CHAIN, next: neighbour("event", earliest(stampOf(event)), rerunApplicationToken) };
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
  // `completed_branch` ends one applicant, while the application continues.
  const status = event.type === "completed_branch" ? "completed" : meaning.status;
  const outcome = isFinal(status) ? event.outcome : null;
  return { [token]: { stamp: stampOf(event), status, outcome } };
}
