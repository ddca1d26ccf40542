import type { AlloyApi, DueApplication } from "../domain/polling-ports.ts";
import { METRICS, POLLER } from "../settings.ts";
import { makeAlloyCaller } from "./alloy-caller.ts";
import type { AlloyCaller } from "./alloy-caller.ts";
import { checkApplication } from "./check-application.ts";
import type { CheckDependencies, CheckResult } from "./check-application.ts";

export interface PollerDependencies extends CheckDependencies {
  readonly alloy: AlloyApi;
  readonly sleep: (ms: number) => Promise<void>;
}

/** What a run did, for its log entry and for whoever invoked it. */
export type RunReport = Readonly<Record<CheckResult | "due" | "failed" | "left", number>>;

/** Zero is a data point too: the alarms on these must know "looked, and found none" from "did not look". */
const ALWAYS_EMITTED = [
  METRICS.applicationsChecked,
  METRICS.applicationsBehind,
  METRICS.applicationsUnknown,
  METRICS.transitionsSeen,
  METRICS.eventsMissing,
  METRICS.deliveryGaps,
  METRICS.alloyCalls,
  METRICS.alloyCallsFailed,
  METRICS.alloyCallsUnauthorized,
] as const;

/**
 * The poller: steps 8 and 9 of the path.
 *
 * 1. List the applications that are due, oldest first.
 * 2. Check them (`checkApplication`), one until Alloy has answered, then side by side.
 * 3. Stop where the budget of calls or of time ends, or when Alloy is out; what is left stays due.
 */
export function makePollerHandler(dependencies: PollerDependencies) {
  const { applications, settings, metrics, logger, now, random, sleep, alloy } = dependencies;

  return async (): Promise<RunReport> => {
    const startedAt = now();
    const runId = `poll-${startedAt}-${Math.floor(random() * 1e9)}`;
    for (const name of ALWAYS_EMITTED) metrics.count(name, 0);
    try {
      const deadline = startedAt + settings.polling.runMs;
      const caller = makeAlloyCaller({
        alloy,
        settings: settings.polling,
        deadline,
        metrics,
        now,
        random,
        sleep,
      });
      // A run can check no more than it may make calls.
      const due = await applications.list(startedAt, settings.polling.callsPerRun);
      const report = await checkAll(due, caller, runId, deadline);
      const reason = caller.stopReason();
      if (reason !== null) logger.warn("poller.run.stopped", { runId, reason, left: report.left });
      logger.info("poller.run.ended", { runId, ...report });
      metrics.count(METRICS.applicationsBehind, report.left);
      metrics.count(METRICS.pollerRuns);
      return report;
    } finally {
      // Also of a run that throws: without `PollerRuns`, which counts those that ended.
      metrics.flush();
    }
  };

  async function checkAll(
    due: readonly DueApplication[],
    caller: AlloyCaller,
    runId: string,
    deadline: number,
  ): Promise<RunReport> {
    const counts = {
      checked: 0,
      "pushed-out": 0,
      taken: 0,
      unanswered: 0,
      postponed: 0,
      failed: 0,
    };
    const waiting = [...due];

    async function checkUntil(isEnough: () => boolean): Promise<void> {
      while (caller.stopReason() === null && now() < deadline && !isEnough()) {
        const next = waiting.shift();
        if (next === undefined) return;
        counts[await checkSafely(next, caller, runId)] += 1;
      }
    }

    await checkUntil(() => caller.hasAnswered());
    await Promise.all(Array.from({ length: POLLER.lanes }, () => checkUntil(() => false)));
    return { ...counts, due: due.length, left: waiting.length + counts.postponed };
  }

  /** One application that cannot be checked must not keep the others from it. */
  async function checkSafely(
    due: DueApplication,
    caller: AlloyCaller,
    runId: string,
  ): Promise<CheckResult | "failed"> {
    try {
      return await checkApplication(due, caller, runId, dependencies);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      logger.error("poller.check.failed", { applicationToken: due.applicationToken, reason });
      return "failed";
    }
  }
}
