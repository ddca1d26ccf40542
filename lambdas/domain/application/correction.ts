import * as v from "valibot";

import { EXTERNAL_INPUT } from "../../settings/limits.ts";
import type { AlloyApplication, AlloyRerun } from "../reconciliation/alloy-application.ts";
import { endOf, hasEnded, outcomeOf, statusOf } from "./application-state.ts";
import type { ApplicationState } from "./application-state.ts";
import { standingOf } from "./confirmation.ts";
import { EventReportSchema } from "../event/event-report-schema.ts";
import { APPLICATION_STATUSES, isFinal } from "../event/event-types.ts";
import type { ApplicationStatus } from "../event/event-types.ts";
import { isJsonObject, readJson } from "../event/external-json.ts";
import { readToken } from "../event/external-text.ts";
import { joined } from "./received-events.ts";
import { contentIdOf } from "../event/identity.ts";
import { lastEpochOf, openAgainSince } from "./last-epoch.ts";
import { stateOfEvent } from "./observation.ts";
import type { Snapshot } from "./observation.ts";
import type { MatchedEvent } from "../reconciliation/reconciliation.ts";
import type { EventReport } from "../event/event-report.ts";
import { outcomeWordOf } from "../routing/route.ts";
import { stampOfAnswer } from "./stamp.ts";
import type { Stamp } from "./stamp.ts";
import { isPlausible, readTime } from "../event/plausible-time.ts";

/**
 * What Alloy's answer says and none of its events does. The poller queues it, and the consumer merges
 * and publishes it, as if it were one more event.
 */
export interface Correction {
  readonly snapshot: Snapshot;
  /** When Alloy was asked, epoch milliseconds. */
  readonly askedAt: number;
  /** The answer that the application stood by until then; null: by none. */
  readonly basis: Stamp | null;
  /** The last reopening in Alloy's list; null: there is none. */
  readonly since: Stamp | null;
  /**
   * What downstream has not heard: that the application stands so, or that it was rerun. `nothing`: it
   * is for our own books, such as that the application is a shadow one.
   */
  readonly news: "status" | "rerun" | "nothing";
  /** Whether the application stands by this answer from now on; not where it only names a mark or a rerun. */
  readonly settles: boolean;
  /** The end that the answer confirms, recorded or missing: it is published under its own id. */
  readonly confirms: EventReport | null;
  /** The message of that end may come back and publish it: whichever is first does. */
  readonly mayComeBack: boolean;
  /** Of news of a rerun: the new applications, oldest first. */
  readonly reruns: readonly AlloyRerun[];
}

export interface CorrectionContext {
  /** An event may still report a change at Alloy after this time; epoch milliseconds. */
  readonly settledBy: number;
  /** The events have been queued before, and did not move the state. */
  readonly isStuck: boolean;
  /** Alloy's events, and how each is recorded here. */
  readonly matches: readonly MatchedEvent[];
  /** Ids of missing events that an earlier check queued, and that are missing still. */
  readonly queuedBefore: ReadonlySet<string>;
  /** Ids of recorded events whose processing then failed permanently. */
  readonly failedIds: ReadonlySet<string>;
  /** Ids of recorded events of which the rest is tried again. */
  readonly retriedIds: ReadonlySet<string>;
  /** Epoch milliseconds. */
  readonly now: number;
}

/**
 * Finds what is left to be said when all of Alloy's events are applied.
 *
 * @param answer - what `answerIn` says of the same, by whoever asks more than once: it takes most of the time.
 * @returns none when the events say it all.
 */
export function correctionsOf(
  alloy: AlloyApplication,
  state: ApplicationState,
  context: CorrectionContext,
  answer = answerIn(alloy, state, context),
): readonly Correction[] {
  if (answer === null) return [];
  const { settledBy, matches, queuedBefore, failedIds, retriedIds, now } = context;
  const { snapshot, applied, since } = answer;
  const basis = state.answer?.stamp ?? null;
  const common = { snapshot, askedAt: now, basis, since, ...NO_END };

  const unreported = unreportedReruns(alloy, applied, settledBy);
  const rerunNews = { ...common, news: "rerun", settles: false, reruns: unreported } as const;
  return [...statusCorrection(), ...(unreported.length > 0 ? [rerunNews] : [])];

  function statusCorrection(): readonly Correction[] {
    const agrees = agree(applied, snapshot);
    const here = { since, queuedBefore, failedIds, retriedIds };
    const { published, confirms, mayComeBack } = standingOf(snapshot, matches, state, here);
    if (confirms !== null) {
      return [{ ...common, news: "status", settles: true, confirms, mayComeBack, reruns: [] }];
    }
    // The state has it by a report that no event was published with.
    const isUnpublished = published === "no" && isEndedAs(state, snapshot);
    const isMoved =
      // The event that says the same is on its way.
      published !== "unclear" &&
      (!agrees || isUnpublished) &&
      !hasMovedOn(applied, snapshot) &&
      (snapshot.at <= settledBy || isUnpublished || confirmsOutcome(applied, snapshot));
    if (!isMoved && !isMarked(snapshot, state)) return [];
    const isNews = isMoved && published === "no" && !isReportedOfAnApplicant(applied, snapshot);
    return [{ ...common, news: isNews ? "status" : "nothing", settles: isMoved, reruns: [] }];
  }
}

/** Alloy's answer with what its events say, the state with them, and the last reopening. */
export interface AnswerWithEvents {
  readonly snapshot: Snapshot;
  readonly applied: ApplicationState;
  readonly since: Stamp | null;
}

/** Null: Alloy's answer says nothing that is understood. */
export function answerIn(
  { snapshot: said, events }: Pick<AlloyApplication, "snapshot" | "events">,
  state: ApplicationState,
  { isStuck, matches }: Pick<CorrectionContext, "isStuck" | "matches">,
): AnswerWithEvents | null {
  if (said === null) return null;
  const listed = isStuck ? [] : events.map(({ event }) => stateOfEvent(event));
  const applied = joined([state, ...listed]) ?? state;
  const since = newestOf(lastEpochOf(matches, said).since, openAgainSince(state));
  const snapshot: Snapshot = {
    ...said,
    // An answer that names no outcome does not take back the one that an event named.
    outcome: said.outcome ?? outcomeNamed(said.status, applied, since),
    // An event of the list may say it where the answer itself does not.
    isShadow: said.isShadow || applied.isShadow,
  };
  return { snapshot, applied, since };
}

const NO_END = { confirms: null, mayComeBack: false };

/** What the answer says and is not stored: joined with the events of the list it would seem to be. */
function isMarked({ isShadow, chain }: Snapshot, state: ApplicationState): boolean {
  if (isShadow && !state.isShadow) return true;
  // What an event names as the application before may be the root; the answer knows both.
  return LINEAGE.some(
    (neighbour) => chain[neighbour] !== null && chain[neighbour] !== state.chain[neighbour]?.token,
  );
}

const LINEAGE = ["previous", "root", "rerunBy"] as const;

/**
 * The id of a correction: the same however often the poller finds it, and another one when Alloy comes
 * back to what it said before.
 */
export function correctionIdOf(correction: Correction): string {
  const { snapshot, news, reruns, basis, settles } = correction;
  const { applicationToken, status, outcome, at } = snapshot;
  const tokens = reruns.map((rerun) => rerun.applicationToken);
  return contentIdOf("correction", {
    applicationToken,
    status,
    outcome,
    at,
    news,
    tokens,
    ...(basis !== null && { basis }),
    // One that named a mark alone must not stand for the one that takes the same answer over.
    ...(settles && news !== "status" && { settles }),
  });
}

function newestOf(one: Stamp | null, other: Stamp | null): Stamp | null {
  return (one ?? "") > (other ?? "") ? one : other;
}

function outcomeNamed(
  status: ApplicationStatus | null,
  applied: ApplicationState,
  since: Stamp | null,
): string | null {
  if (status !== "completed") return null;
  const end = endOf(applied);
  // What an end before the reopening named is not the outcome of the end after it.
  if (end === null || end.stamp <= (since ?? "")) return null;
  return outcomeOf(applied);
}

/**
 * Whether the application stands here as Alloy says; outcomes are compared as routes read them. A status
 * that we do not know says nothing to disagree with.
 */
export function agree(
  state: ApplicationState,
  { status, outcome }: Pick<Snapshot, "status" | "outcome">,
): boolean {
  if (status === null) return true;
  return statusOf(state) === status && outcomeWordOf(outcomeOf(state)) === outcomeWordOf(outcome);
}

function isEndedAs(state: ApplicationState, snapshot: Snapshot): boolean {
  return snapshot.status !== null && isFinal(snapshot.status) && agree(state, snapshot);
}

/** Whether something has happened since Alloy's answer. */
function hasMovedOn(state: ApplicationState, snapshot: Snapshot): boolean {
  const { progress } = state;
  const isMoved = progress !== null && progress.stamp > stampOfAnswer(snapshot.at, 0);
  return isMoved || isEndedSince(state, snapshot);
}

/** Whether a final event has arrived since Alloy's answer. */
export function isEndedSince({ lastEnd }: ApplicationState, { at }: Snapshot): boolean {
  return lastEnd !== null && lastEnd.stamp > stampOfAnswer(at, 0);
}

/** Whether it names the outcome that a final event left out: that cannot wait. */
function confirmsOutcome(state: ApplicationState, { status, outcome }: Snapshot): boolean {
  const isUnnamed = statusOf(state) === "completed" && outcomeOf(state) === null;
  return status === "completed" && outcome !== null && isUnnamed;
}

/**
 * Whether an applicant's event has already reported this status. Of several applicants' statuses Alloy
 * takes one for the application's, by an order that is not documented: here it is the newest. What was
 * reported before a final event does not say that the application is open again.
 */
function isReportedOfAnApplicant(state: ApplicationState, { status }: Snapshot): boolean {
  return (
    status !== null &&
    !isFinal(status) &&
    !hasEnded(state) &&
    Object.values(state.entities).some((one) => one.status === status)
  );
}

function unreportedReruns(
  { events, reruns }: Pick<AlloyApplication, "events" | "reruns">,
  state: ApplicationState,
  settledBy: number,
): readonly AlloyRerun[] {
  const next = state.chain.next?.token ?? null;
  // Later reruns of the chain are named on the first one too, which is checked by itself.
  if (reruns.some(({ applicationToken }) => applicationToken === next)) return [];
  const reported = new Set(events.map(({ event }) => event.rerunApplicationToken));
  return reruns.filter(
    ({ applicationToken, createdAt }) =>
      !reported.has(applicationToken) && (createdAt ?? 0) <= settledBy,
  );
}

const text = v.nullable(v.string());
const token = v.pipe(v.string(), v.regex(EXTERNAL_INPUT.token));
const neighbour = v.pipe(
  v.nullable(v.string()),
  v.transform((named) => readToken(named)),
);
const time = v.pipe(
  v.nullable(v.number()),
  v.transform((at) => readTime(at)),
);

export const SnapshotSchema = v.object({
  applicationToken: token,
  journeyToken: neighbour,
  status: v.nullable(v.picklist(APPLICATION_STATUSES)),
  outcome: text,
  at: v.pipe(v.number(), v.check(isPlausible)),
  environment: v.nullable(v.picklist(["sandbox", "live"])),
  externalIds: v.object({ group: text, partner: text, application: text }),
  // The releases before have neither these nor the root's group.
  entityIds: v.exactOptional(v.record(v.string(), v.string())),
  chain: v.object({
    previous: neighbour,
    root: neighbour,
    next: neighbour,
    rerunBy: v.exactOptional(text, null),
    rootGroup: v.exactOptional(text),
  }),
  isShadow: v.boolean(),
});

const CorrectionSchema = v.object({
  snapshot: SnapshotSchema,
  // The released format has none of these.
  askedAt: v.exactOptional(v.number()),
  basis: v.exactOptional(text, null),
  since: v.exactOptional(text, null),
  settles: v.exactOptional(v.boolean()),
  confirms: v.exactOptional(v.nullable(EventReportSchema), null),
  mayComeBack: v.exactOptional(v.boolean(), false),
  news: v.picklist(["status", "rerun", "nothing"]),
  reruns: v.array(
    v.object({
      applicationToken: token,
      createdAt: time,
      initiatedBy: v.exactOptional(text, null),
    }),
  ),
});

/** JSON text for the body of a `poll` envelope: Alloy has no webhook that would say the same. */
export function correctionBody(correction: Correction): string {
  return JSON.stringify(correction);
}

/**
 * Reads the body of a `poll` envelope.
 *
 * @returns null when it is that of an event; the reason when it is a damaged correction.
 */
export function parseCorrection(
  body: string,
): { readonly correction: Correction } | { readonly reason: string } | null {
  const read = readJson(body);
  // The reader of events reports what is wrong with it.
  if ("reason" in read) return null;
  const { json } = read;
  if (!isJsonObject(json) || !("snapshot" in json)) return null;
  const parsed = v.safeParse(CorrectionSchema, json);
  if (parsed.success) {
    const { output } = parsed;
    const { askedAt = output.snapshot.at, settles = output.news === "status" } = output;
    return { correction: { ...output, askedAt, settles } };
  }
  const where = parsed.issues.map((issue) => v.getDotPath(issue) ?? "the whole").join(", ");
  return { reason: `the correction lacks or mistypes: ${where}` };
}
