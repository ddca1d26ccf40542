import { randomFor } from "./knobs.ts";
import type { Knobs } from "./knobs.ts";
import type { RouteId } from "../../../lambdas/settings/routes.ts";
import type { Change, Steps } from "./steps.ts";
import { HOUR, MINUTE, SECOND } from "../../../tools/cloud-in-memory/clock.ts";

/*
 * What Alloy's documentation does not forbid and the usual Journey does not have: an application's steps
 * beside its own way, each behind its knob.
 */

interface Detour {
  readonly seed: number;
  readonly knobs: Knobs;
  /** Of the application. */
  readonly name: string;
  readonly applicants: readonly string[];
}

/** While the application is open. */
export function detourBeforeEnd(steps: Steps, detour: Detour): void {
  const { knobs } = detour;
  const [entity] = detour.applicants;
  if (entity === undefined) return;
  if (knobs.has("applicant-once") && own(detour, "applicant-once").chance(0.5)) {
    // The application's event beside the applicant's: two of one type within two seconds.
    steps.add("started_evaluation", "progressed", { entity, node: "identity", status: "running" });
    steps.add("started_evaluation", "progressed", {
      status: "running",
      gapMs: own(detour, "applicant-once gap").between(20, 1_900),
    });
  }
  if (knobs.has("applicant-error") && own(detour, "applicant-error before").chance(0.5)) {
    applicantFails(steps, entity);
  }
  if (knobs.has("unknown-type") && own(detour, "unknown-type before").chance(0.5)) {
    const status = own(detour, "unknown-type status").pick(["waiting_review", "running"]);
    steps.add("application_frozen", "unrecognised", { status, isAlloysAlone: true });
  }
  if (knobs.has("after-archive") && own(detour, "after-archive before").chance(0.3)) {
    steps.add("application_archived", "progressed");
    steps.add("completed_branch", "progressed", { entity, status: "running" });
  }
}

/** @param hasEnded - whether the application has. @returns whether it has by now. */
export function detourAfterEnd(steps: Steps, hasEnded: boolean, detour: Detour): boolean {
  const { knobs } = detour;
  const [entity] = detour.applicants;
  if (entity === undefined) return hasEnded;
  if (!hasEnded) {
    if (!knobs.has("unknown-type") || !own(detour, "unknown-type end").chance(0.5)) return false;
    // An end of which no event tells that anybody knows.
    const atAlloy = { outcome: "Withdrawn" };
    const end = { status: "completed", isAlloysAlone: true, atAlloy } as const;
    steps.add("application_withdrawn", "unrecognised", end);
    return true;
  }
  if (knobs.has("second-end") && own(detour, "second-end").chance(0.7)) secondEnd(steps, detour);
  if (knobs.has("after-archive") && own(detour, "after-archive").chance(0.6)) {
    steps.add("application_archived", "progressed");
    const gapMs = own(detour, "after-archive gap").between(1, HOUR);
    steps.add("completed_branch", "progressed", { entity, gapMs });
  }
  if (knobs.has("applicant-error") && own(detour, "applicant-error after").chance(0.5)) {
    applicantFails(steps, entity);
  }
  if (knobs.has("after-unarchive") && own(detour, "after-unarchive").chance(0.7)) {
    unarchive(steps, entity, detour);
  }
  return true;
}

/** What comes of an applicant after the application was run again: Alloy stays with the end. */
export function detourAfterRerun(steps: Steps, detour: Detour): void {
  const [entity] = detour.applicants;
  if (entity === undefined || !detour.knobs.has("after-rerun")) return;
  const random = own(detour, "after-rerun");
  if (random.chance(0.8)) {
    const gapMs = random.pick([random.between(1, 900), random.between(SECOND, HOUR)]);
    steps.add("completed_review", "progressed", { entity, gapMs });
  }
  if (random.chance(0.3)) steps.add("completed_branch", "progressed", { entity });
}

function applicantFails(steps: Steps, entity: string): void {
  const failed = { entity, node: "identity", entityStatus: "error", mayBeSilent: true } as const;
  steps.add("error", "errored", failed);
}

function secondEnd(steps: Steps, detour: Detour): void {
  const random = own(detour, "second-end how");
  // Where Alloy names no outcome, and an event does, nobody can say that Alloy did not take it.
  const isUnnamed = steps.all.some(
    ({ occurrence: { event, outcome }, atAlloy }) =>
      event === "completed_application" && outcome === undefined && atAlloy === undefined,
  );
  const isTaken = random.chance(0.5) || isUnnamed;
  const gapMs = random.pick([random.between(1, 3 * SECOND), random.between(MINUTE, 3 * HOUR)]);
  const rest = { gapMs, mayBeSilent: true, ...(!isTaken && { isIgnoredByAlloy: true }) } as const;
  const [event, route, end] = random.pick<readonly [string, RouteId, Change]>([
    ["completed_application", "denied", { status: "completed", outcome: "Denied" }],
    ["completed_application", "approved", { status: "completed", outcome: "Approved" }],
    ["application_expired", "expired", { status: "expired" }],
    ["error", "errored", { status: "error" }],
  ]);
  steps.add(event, route, { ...rest, ...end });
}

function unarchive(steps: Steps, entity: string, detour: Detour): void {
  const random = own(detour, "after-unarchive how");
  const reopens = random.chance(0.5);
  steps.add("application_archived", "progressed");
  steps.add("application_unarchived", "progressed", {
    isAlwaysNews: true,
    ...(reopens && { status: "running", isAlloysAlone: true }),
  });
  const gapMs = random.pick([random.between(1, 3 * SECOND), random.between(MINUTE, HOUR)]);
  const running = reopens ? ({ status: "running" } as const) : {};
  steps.add("completed_review", "progressed", { entity, gapMs, ...running });
  if (!reopens || random.chance(0.4)) return;
  const end = { status: "completed", outcome: "Denied", mayBeSilent: true } as const;
  steps.add("completed_application", "denied", end);
}

function own({ seed, name }: Detour, what: string) {
  return randomFor(seed, `${what} of ${name}`);
}
