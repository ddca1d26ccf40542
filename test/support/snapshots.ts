import { NO_FACTS } from "../../lambdas/domain/application/application-state.ts";
import type { Correction } from "../../lambdas/domain/application/correction.ts";
import type { Snapshot, Submission } from "../../lambdas/domain/application/observation.ts";
import type { JourneyEvent } from "../../lambdas/domain/event/journey-event.ts";
import type { AlloyApplication } from "../../lambdas/domain/reconciliation/alloy-application.ts";

const { externalIds } = NO_FACTS;

/** What Alloy answers of an application; that it runs, unless said otherwise. */
export function aSnapshot(changes: Partial<Snapshot> = {}): Snapshot {
  return {
    applicationToken: "JA-1",
    journeyToken: "J-1",
    status: "running",
    outcome: null,
    at: 1_760_000_000_000,
    environment: "sandbox",
    externalIds,
    chain: { previous: null, root: null, next: null, rerunBy: null },
    isShadow: false,
    ...changes,
  };
}

/** Alloy's answer with its list of events. */
export function anAlloyApplication(
  snapshot: Partial<Snapshot>,
  events: readonly JourneyEvent[],
  changes: Partial<AlloyApplication> = {},
): AlloyApplication {
  const said = aSnapshot(snapshot);
  return {
    applicationToken: said.applicationToken,
    snapshot: said,
    events: events.map((event) => ({ event, webhook: {} })),
    reruns: [],
    unrecognisedStatus: null,
    ended: null,
    unreadableEvents: 0,
    ...changes,
  };
}

/** A correction of the status, by which the application stands from now on. */
export function aCorrection(
  snapshot: Partial<Snapshot>,
  changes: Partial<Correction> = {},
): Correction {
  return {
    snapshot: aSnapshot(snapshot),
    askedAt: Date.now(),
    basis: null,
    since: null,
    settles: true,
    confirms: null,
    mayComeBack: false,
    news: "status",
    reruns: [],
    ...changes,
  };
}

/** What the onboarding service announced. */
export function aSubmission(changes: Partial<Submission> = {}): Submission {
  return {
    applicationToken: "JA-1",
    journeyToken: "J-1",
    submittedAt: null,
    externalIds,
    ...changes,
  };
}
