import * as v from "valibot";

import type { AlloyApplication, AlloyRerun } from "./alloy-application.ts";
import { lastReopeningOf, outcomeOf, statusOf } from "./application-state.ts";
import type { ApplicationState } from "./application-state.ts";
import { APPLICATION_STATUSES, isFinal } from "./event-types.ts";
import type { ApplicationStatus } from "./event-types.ts";
import { joined } from "./heard-events.ts";
import { contentIdOf } from "./identity.ts";
import { stateOfEvent } from "./observation.ts";
import type { Snapshot } from "./observation.ts";
import { stampOfSnapshot } from "./stamp.ts";

/**
 * What Alloy's answer says and none of its events does. The poller queues it, and the consumer merges
 * and publishes it, as if it were one more event.
 */
export interface Correction {
  readonly snapshot: Snapshot;
  /**
   * What downstream has not heard: that the application stands so, or that it was rerun. `nothing`: it
   * is for our own books, such as that the application is a shadow one.
   */
  readonly news: "status" | "rerun" | "nothing";
  /** Of news of a rerun: the new applications, oldest first. */
  readonly reruns: readonly AlloyRerun[];
}

/**
 * Finds what is left to be said when all of Alloy's events are applied.
 *
 * @param options.settledBy - what Alloy moved after this may still be told by an event; epoch milliseconds.
 * @param options.isStuck - the events have been queued before, and did not move the state.
 * @returns none when the events say it all.
 */
export function correctionsOf(
  { snapshot: said, events, reruns }: AlloyApplication,
  state: ApplicationState,
  { settledBy, isStuck }: { readonly settledBy: number; readonly isStuck: boolean },
): readonly Correction[] {
  if (said === null) return [];
  const told = isStuck ? [] : events.map(({ event }) => stateOfEvent(event));
  const healed = joined([state, ...told]) ?? state;
  // That the answer names no outcome does not unsay the one that an event named.
  const snapshot = { ...said, outcome: said.outcome ?? outcomeIf(said.status, healed) };

  const isMoved =
    !agree(healed, snapshot) &&
    !hasMovedOn(healed, snapshot) &&
    (snapshot.at <= settledBy || confirmsEnd(healed, snapshot));
  const untold = untoldReruns({ events, reruns }, healed, settledBy);
  const isMarked =
    (snapshot.isShadow && !healed.isShadow) ||
    (snapshot.chain.previous !== null && healed.chain.previous === null);
  const news = isMoved && !isToldOfAnApplicant(healed, snapshot) ? "status" : "nothing";
  return [
    ...(isMoved || isMarked ? [{ snapshot, news, reruns: [] } as const] : []),
    ...(untold.length > 0 ? [{ snapshot, news: "rerun", reruns: untold } as const] : []),
  ];
}

/** The id of a correction: the same however often the poller finds it. */
export function correctionIdOf({ snapshot, news, reruns }: Correction): string {
  const { applicationToken, status, outcome, at } = snapshot;
  const tokens = reruns.map((rerun) => rerun.applicationToken);
  return contentIdOf("correction", { applicationToken, status, outcome, at, news, tokens });
}

function outcomeIf(status: ApplicationStatus, state: ApplicationState): string | null {
  return status === "completed" ? outcomeOf(state) : null;
}

/** Whether the application stands here as Alloy says; outcomes are compared as routes read them. */
export function agree(state: ApplicationState, { status, outcome }: Snapshot): boolean {
  return statusOf(state) === status && wordOf(outcomeOf(state)) === wordOf(outcome);
}

function wordOf(outcome: string | null): string | null {
  return outcome?.trim().toLowerCase() ?? null;
}

/** Whether something has happened since Alloy's answer. */
function hasMovedOn(state: ApplicationState, snapshot: Snapshot): boolean {
  const stamp = stampOfSnapshot(snapshot.at);
  const { progress, final } = state;
  return [progress?.stamp, final?.stamp, lastReopeningOf(state)].some(
    (newest) => newest !== undefined && newest !== null && newest > stamp,
  );
}

/** Whether it names the outcome of an end of which an event told without one: that cannot wait. */
function confirmsEnd(state: ApplicationState, { status, outcome }: Snapshot): boolean {
  return status === "completed" && outcome !== null && statusOf(state) === "completed";
}

/**
 * Whether an applicant's event has told of this status already. Of several applicants' statuses Alloy
 * takes one for the application's, by an order that is not documented: here it is the newest.
 */
function isToldOfAnApplicant(state: ApplicationState, { status }: Snapshot): boolean {
  return !isFinal(status) && Object.values(state.entities).some((one) => one.status === status);
}

function untoldReruns(
  { events, reruns }: Pick<AlloyApplication, "events" | "reruns">,
  state: ApplicationState,
  settledBy: number,
): readonly AlloyRerun[] {
  const next = state.chain.next?.token ?? null;
  // Later reruns of the chain are named on the first one too, which is checked by itself.
  if (reruns.some(({ applicationToken }) => applicationToken === next)) return [];
  const told = new Set(events.map(({ event }) => event.rerunApplicationToken));
  return reruns.filter(
    ({ applicationToken, createdAt }) =>
      !told.has(applicationToken) && (createdAt ?? 0) <= settledBy,
  );
}

const text = v.nullable(v.string());

const CorrectionSchema = v.object({
  snapshot: v.object({
    applicationToken: v.pipe(v.string(), v.nonEmpty()),
    journeyToken: text,
    status: v.picklist(APPLICATION_STATUSES),
    outcome: text,
    at: v.number(),
    environment: v.nullable(v.picklist(["sandbox", "live"])),
    externalIds: v.object({ group: text, partner: text, application: text }),
    chain: v.object({ previous: text, root: text, next: text }),
    isShadow: v.boolean(),
  }),
  news: v.picklist(["status", "rerun", "nothing"]),
  reruns: v.array(v.object({ applicationToken: v.string(), createdAt: v.nullable(v.number()) })),
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
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    // Whoever reads it as an event will say what is wrong with it.
    return null;
  }
  if (typeof json !== "object" || json === null || !("snapshot" in json)) return null;
  const parsed = v.safeParse(CorrectionSchema, json);
  if (parsed.success) return { correction: parsed.output };
  const where = parsed.issues.map((issue) => v.getDotPath(issue) ?? "the whole").join(", ");
  return { reason: `the correction lacks or mistypes: ${where}` };
}
