import { isFinal } from "../event/event-types.ts";
import type { ApplicationStatus, FinalStatus } from "../event/event-types.ts";
import type { Environment, ExternalIds } from "../event/journey-event.ts";
import { mergeNumbers, NO_NUMBERS } from "./effect-numbers.ts";
import type { EffectNumbers } from "./effect-numbers.ts";
import { mergeEntityIds } from "./entity-ids.ts";
import type { EntityIds } from "./entity-ids.ts";
import { askedAtOf } from "./stamp.ts";
import type { Stamp } from "./stamp.ts";

/**
 * What we know of one Journey Application.
 *
 * It is a product of registers, each of which only ever grows: the newest progress, the first end, the
 * newest answer of Alloy's, and so on. Merging takes the larger one in each register, so it is
 * commutative, associative and idempotent: any multiset of observations in any order gives one state.
 * Status and outcome are functions of the registers (`statusOf`, `outcomeOf`).
 */
export interface ApplicationState extends ApplicationFacts {
  readonly applicationToken: string;
  /** The same facts, by who stated them; the fields above are what the highest authority states. */
  readonly facts: FactLayers;
  /** When the onboarding service submitted it; the earliest that we heard of. */
  readonly submittedAt: number | null;
  /** When Alloy started it, by its own event. */
  readonly startedAt: number | null;
  /** Time of the newest event. */
  readonly lastEventAt: number | null;
  readonly progress: StatusRegister | null;
  /** The end that counts, unless Alloy's answer says otherwise (`preferredEnd`). */
  readonly end: EndRegister | null;
  /** The newest end; nearly always the same. */
  readonly lastEnd: EndRegister | null;
  /** What Alloy's API last answered, of what was merged. Nothing but a later answer takes it back. */
  readonly answer: AnswerRegister | null;
  /** How it has ended as downstream knows it, oldest first (`published-decisions.ts`). */
  readonly published: readonly PublishedDecision[];
  /** The newest decision that was taken to be published with its reasons; null: none (`decision.ts`). */
  readonly decided: DecidedRegister | null;
  /** Of an observation alone. */
  readonly proposal?: Proposal;
  /** The numbers of its effects (`effect-numbers.ts`). */
  readonly effects: EffectNumbers;
  /** Of an observation alone. */
  readonly effect?: EffectToNumber;
  /** What it adds to the tally (`tally.ts`); of an observation alone. @default - nothing */
  readonly tally?: number;
  /** By `entity_application_token`; of many applicants those that moved last (`applicantsStoredUntil`). */
  readonly entities: Readonly<Record<string, EntityRegister>>;
  /** Applicants that moved last before this may have an item of their own instead; null: none has. */
  readonly applicantsStoredUntil: Stamp | null;
  /** Its entities, as Alloy and the client name them (`entity-ids.ts`). */
  readonly entityIds: EntityIds;
  /** The neighbours of a rerun. */
  readonly chain: ChainRegisters;
  /** Time of the newest event that the poller, not a webhook, brought; null: it brought none. */
  readonly healedUntil: number | null;
  /** Alloy says that it is a shadow application: it must have no effect. */
  readonly isShadow: boolean;
  /** It existed before this stack knew it; the earliest adoption. Null for every other application. */
  readonly adopted: Adoption | null;
  /** When a person had it forgotten, epoch milliseconds: nothing else is kept, and nothing is taken up any more. */
  readonly forgottenAt: number | null;
}

/** An effect that a merge is to give a number, unless the effect has one. */
export interface EffectToNumber {
  /** Under which it is published. */
  readonly eventId: string;
  /** When no earlier try can have merged it: nothing that is stored apart needs to be read. */
  readonly isFirstTry: boolean;
  /** Whether the effect is published, as far as the state after the merge says. @param before - null: there was none. */
  readonly isPublished: (after: ApplicationState, before: ApplicationState | null) => boolean;
}

/** What a person said of an application that existed before this stack knew it (docs/adoption.md). */
export interface Adoption {
  /** What happened before this time is history: it has no effect and is not counted. Epoch milliseconds. */
  readonly at: number;
  /** History is published all the same; it is still not counted. */
  readonly publishes: boolean;
}

/** How an application stands, as opposed to what it is: by these registers alone. */
export type Standing = Pick<ApplicationState, "progress" | "end" | "lastEnd" | "answer">;

/** What an application is, as opposed to how it stands. */
export interface ApplicationFacts {
  readonly journeyToken: string | null;
  readonly journeyName: string | null;
  readonly environment: Environment | null;
  /** Without the entity's, of which an application has as many as entities. */
  readonly externalIds: ApplicationExternalIds;
}

/** Who states a fact. Alloy's own answer stands above its events, and these above a submission. */
export interface FactLayers {
  readonly answer: ApplicationFacts;
  readonly events: ApplicationFacts;
  readonly submission: ApplicationFacts;
}

export type ApplicationExternalIds = Omit<ExternalIds, "entity">;

export interface StatusRegister {
  readonly stamp: Stamp;
  readonly status: ApplicationStatus;
}

export interface EndRegister {
  readonly stamp: Stamp;
  readonly status: FinalStatus;
  readonly outcome: string | null;
}

/** A decision that was published, or Alloy's answer after it that the application is open. */
export interface PublishedDecision {
  /** Of the event, or of the correction, that is published; empty: of no event. */
  readonly eventId: string;
  readonly stamp: Stamp;
  readonly status: ApplicationStatus;
  readonly outcome: string | null;
  /** The correction that publishes the event, whose own message does not; absent: its message does, or may. */
  readonly correctionId?: string;
}

/** The decision of Alloy's answer. It names no reason: only digests, by which two answers are compared. */
export interface DecidedRegister {
  /** Under which it is published. */
  readonly decisionId: string;
  /** The decision before it; null: it is the first. */
  readonly previous: string | null;
  /** Of the answer. */
  readonly stamp: Stamp;
  readonly status: FinalStatus;
  readonly outcome: string | null;
  /** The last reopening that Alloy's list named; null: none. */
  readonly since: Stamp | null;
  /** Which fields configuration asked for. */
  readonly asked: string;
  /** Digests; null: the answer did not have the field, or nobody asked for it. */
  readonly reasons: string | null;
  readonly tags: string | null;
  readonly outputs: string | null;
}

/** What an observation adds to what is published. */
export type Proposal =
  /** An answer of Alloy's, under the id that it would be published under. */
  | ({ readonly kind: "answer" } & Pick<PublishedDecision, "eventId" | "correctionId">)
  | ({ readonly kind: "record" } & RecordedAs);

/** How an event is recorded. */
export interface RecordedAs {
  /** All ids that it was reported under. */
  readonly eventIds: readonly string[];
  readonly outcome: string | null;
  readonly isWithheld: boolean;
}

/** Its stamp names also when Alloy was asked, which orders two answers of one `updated_at`. */
export interface AnswerRegister {
  readonly stamp: Stamp;
  readonly status: ApplicationStatus;
  readonly outcome: string | null;
  /** The correction that took it over. Null in an item of the release 0.1.0. */
  readonly correctionId: string | null;
  /** The last reopening that Alloy's list named: ends before it are of another epoch; null: none. */
  readonly since: Stamp | null;
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
  /** Who started this rerun, as Alloy says it. */
  readonly rerunBy: string | null;
  /** The client's id of the root's group. */
  readonly rootGroup?: string | null;
}

export type ChainRegisters = { readonly [Neighbour in keyof RerunChain]-?: ChainRegister | null };

export interface ChainRegister {
  /** Begins with the rank of the source that names the neighbour: Alloy's own answer above an event. */
  readonly stamp: Stamp;
  readonly token: string;
}

export const NO_CHAIN: ChainRegisters = {
  previous: null,
  root: null,
  next: null,
  rerunBy: null,
  rootGroup: null,
};

export const NO_FACTS: ApplicationFacts = {
  journeyToken: null,
  journeyName: null,
  environment: null,
  externalIds: { group: null, partner: null, application: null },
};

/** A state of which nothing is known. */
export function bareState(applicationToken: string): ApplicationState {
  return {
    applicationToken,
    ...NO_FACTS,
    facts: { answer: NO_FACTS, events: NO_FACTS, submission: NO_FACTS },
    submittedAt: null,
    startedAt: null,
    lastEventAt: null,
    progress: null,
    end: null,
    lastEnd: null,
    answer: null,
    published: [],
    effects: NO_NUMBERS,
    decided: null,
    entities: {},
    applicantsStoredUntil: null,
    entityIds: {},
    chain: NO_CHAIN,
    healedUntil: null,
    isShadow: false,
    adopted: null,
    forgottenAt: null,
  };
}

/** What is left of an application that a person had forgotten. */
export function forgottenState(applicationToken: string, forgottenAt: number): ApplicationState {
  return { ...bareState(applicationToken), forgottenAt };
}

/** The join of two states of one application: in each register the larger one. Forgotten is above everything. */
export function mergeState(left: ApplicationState, right: ApplicationState): ApplicationState {
  const forgottenAt = smaller(left.forgottenAt, right.forgottenAt);
  if (forgottenAt !== null) return forgottenState(left.applicationToken, forgottenAt);
  const facts = {
    answer: mergeFacts(left.facts.answer, right.facts.answer),
    events: mergeFacts(left.facts.events, right.facts.events),
    submission: mergeFacts(left.facts.submission, right.facts.submission),
  };
  return {
    applicationToken: left.applicationToken,
    ...resolveFacts(facts),
    facts,
    submittedAt: smaller(left.submittedAt, right.submittedAt),
    startedAt: smaller(left.startedAt, right.startedAt),
    lastEventAt: larger(left.lastEventAt, right.lastEventAt),
    ...mergeStanding(left, right),
    published: mergePublished(left.published, right.published),
    effects: mergeNumbers(left.effects, right.effects),
    decided: either(left.decided, right.decided, laterDecided),
    entities: mergeEach(left.entities, right.entities, newerOf),
    applicantsStoredUntil: larger(left.applicantsStoredUntil, right.applicantsStoredUntil),
    entityIds: mergeEntityIds(left.entityIds, right.entityIds),
    chain: {
      previous: newer(left.chain.previous, right.chain.previous),
      root: newer(left.chain.root, right.chain.root),
      next: newer(left.chain.next, right.chain.next),
      rerunBy: newer(left.chain.rerunBy, right.chain.rerunBy),
      rootGroup: newer(left.chain.rootGroup, right.chain.rootGroup),
    },
    healedUntil: larger(left.healedUntil, right.healedUntil),
    isShadow: left.isShadow || right.isShadow,
    adopted: either(left.adopted, right.adopted, earlierAdoption),
    forgottenAt: null,
  };
}

/** An observation has none, and no numbers either; only `mergeOver` adds to them. */
function mergePublished(
  left: readonly PublishedDecision[],
  right: readonly PublishedDecision[],
): readonly PublishedDecision[] {
  if (left.length === 0 || right.length === 0) return left.length === 0 ? right : left;
  return largerAsText(left, right);
}

/** The same of how it stands. */
export function mergeStanding(left: Standing, right: Standing): Standing {
  return {
    progress: newer(left.progress, right.progress),
    end: either(left.end, right.end, preferredEnd),
    lastEnd: newer(left.lastEnd, right.lastEnd),
    answer: either(left.answer, right.answer, laterAnswer),
  };
}

/**
 * The application's status. Alloy's own answer decides, and an end by an event where Alloy has answered
 * nothing, or has answered before it that the application is open. An end absorbs progress, whatever
 * its time. Null while only the submission is known.
 */
export function statusOf(state: Standing): ApplicationStatus | null {
  const { progress, answer } = state;
  const end = endOf(state);
  if (end !== null) return end.status;
  if (answer !== null && !isAfter(progress, answer.stamp)) return answer.status;
  return progress?.status ?? null;
}

/** The application's outcome: Alloy has one only on a completed application (its page "Statuses and outcomes"). */
export function outcomeOf(state: Standing): string | null {
  const end = endOf(state);
  if (end?.status !== "completed") return null;
  if (end.outcome !== null) return end.outcome;
  // An answer that names no outcome does not take back the one that an event of its epoch named.
  const since = state.answer?.since ?? "";
  const named = [state.lastEnd, state.end].filter((one) => isAfter(one, since));
  return named.find(({ status }) => status === "completed")?.outcome ?? null;
}

/** Whether the application has ended, as far as we know. */
export function hasEnded(state: Standing): boolean {
  return endOf(state) !== null;
}

/** The ends that the state holds: the one that counts, then the newest. */
export function endsIn({
  end,
  lastEnd,
}: Pick<Standing, "end" | "lastEnd">): readonly EndRegister[] {
  return [end, lastEnd].filter((one) => one !== null);
}

/** The end that the application stands by; null while it is open. */
export function endOf({ end, lastEnd, answer }: Standing): EndRegister | null {
  if (answer === null) return end;
  const { stamp, status, outcome } = answer;
  if (isFinal(status)) return { stamp, status, outcome };
  return [end, lastEnd].find((one) => isAfter(one, stamp)) ?? null;
}

/** What the highest authority states, field by field. */
export function resolveFacts({ answer, events, submission }: FactLayers): ApplicationFacts {
  const idOf = (name: keyof ApplicationExternalIds) =>
    answer.externalIds[name] ?? events.externalIds[name] ?? submission.externalIds[name];
  return {
    journeyToken: answer.journeyToken ?? events.journeyToken ?? submission.journeyToken,
    journeyName: answer.journeyName ?? events.journeyName ?? submission.journeyName,
    environment: answer.environment ?? events.environment ?? submission.environment,
    externalIds: {
      group: idOf("group"),
      partner: idOf("partner"),
      application: idOf("application"),
    },
  };
}

function mergeFacts(left: ApplicationFacts, right: ApplicationFacts): ApplicationFacts {
  if (left === NO_FACTS || left === right) return right;
  if (right === NO_FACTS) return left;
  return {
    journeyToken: larger(left.journeyToken, right.journeyToken),
    journeyName: larger(left.journeyName, right.journeyName),
    environment: larger(left.environment, right.environment),
    externalIds: {
      group: larger(left.externalIds.group, right.externalIds.group),
      partner: larger(left.externalIds.partner, right.externalIds.partner),
      application: larger(left.externalIds.application, right.externalIds.application),
    },
  };
}

/**
 * Of two ends without a reopening between them, the one that counts (docs/statuses.md): a decision
 * before an error or an expiry, one that names its outcome before one that does not, and then the first.
 */
function preferredEnd(one: EndRegister, other: EndRegister): EndRegister {
  const [rank, otherRank] = [endRank(one), endRank(other)];
  if (rank !== otherRank) return rank < otherRank ? one : other;
  if (one.stamp !== other.stamp) return one.stamp < other.stamp ? one : other;
  return largerAsText(one, other);
}

function endRank({ status, outcome }: EndRegister): number {
  if (status !== "completed") return 2;
  return outcome === null ? 1 : 0;
}

function earlierAdoption(one: Adoption, other: Adoption): Adoption {
  if (one.at !== other.at) return one.at < other.at ? one : other;
  return one.publishes ? one : other;
}

function laterAnswer(one: AnswerRegister, other: AnswerRegister): AnswerRegister {
  const [asked, otherAsked] = [askedAtOf(one.stamp), askedAtOf(other.stamp)];
  if (asked !== otherAsked) return asked > otherAsked ? one : other;
  return newerOf(one, other);
}

function laterDecided(one: DecidedRegister, other: DecidedRegister): DecidedRegister {
  const [asked, otherAsked] = [askedAtOf(one.stamp), askedAtOf(other.stamp)];
  if (asked !== otherAsked) return asked > otherAsked ? one : other;
  return largerAsText(one, other);
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
  return inOrder(merged);
}

/** In a fixed order, so that equal states are equal as text too. */
function inOrder<Value>(entries: ReadonlyMap<string, Value>): Readonly<Record<string, Value>> {
  return Object.fromEntries([...entries].sort(([one], [other]) => (one < other ? -1 : 1)));
}

function either<Register>(
  left: Register | null,
  right: Register | null,
  join: (left: Register, right: Register) => Register,
): Register | null {
  if (left === null || right === null) return left ?? right;
  return join(left, right);
}

function newer<Register extends { readonly stamp: Stamp }>(
  left: Register | null,
  right: Register | null,
): Register | null {
  return either(left, right, newerOf);
}

/** Of two registers of one applicant, or of one kind, the newer. */
export function newerOf<Register extends { readonly stamp: Stamp }>(
  left: Register,
  right: Register,
): Register {
  if (left.stamp !== right.stamp) return left.stamp > right.stamp ? left : right;
  // One stamp with two contents: a fixed order decides.
  return largerAsText(left, right);
}

function isAfter<Register extends { readonly stamp: Stamp }>(
  register: Register | null,
  stamp: Stamp,
): register is Register {
  return register !== null && register.stamp > stamp;
}

/** What is named stands above what is not. */
function largerAsText<Register extends object>(left: Register, right: Register): Register {
  // Mostly they are the same.
  const values = Object.values(right);
  if (Object.values(left).every((value, index) => value === values[index])) {
    if (values.length === Object.keys(left).length) return left;
  }
  const textOf = (value: Register) => JSON.stringify(value, (_, inner: unknown) => inner ?? "");
  return textOf(left) >= textOf(right) ? left : right;
}

function larger<Value extends string | number>(left: Value | null, right: Value | null) {
  if (left === null || right === null) return left ?? right;
  return left >= right ? left : right;
}

function smaller(left: number | null, right: number | null): number | null {
  if (left === null || right === null) return left ?? right;
  return Math.min(left, right);
}
