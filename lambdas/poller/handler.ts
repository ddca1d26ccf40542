import { failuresInARow } from "../domain/reconciliation/delivery.ts";
import type { DeliveryRecord } from "../domain/reconciliation/delivery.ts";
import { isJsonObject } from "../domain/event/external-json.ts";
import type { OutcomeCounts } from "../domain/application/outcome-change.ts";
import type {
  AlloyAnswer,
  AlloyApi,
  AlloyFailure,
  Deliveries,
  DueApplication,
  DueApplications,
  Investigations,
  Lease,
} from "../domain/polling/polling-ports.ts";
import { shareOf, WHOLE } from "../settings/poller-share.ts";
import type { Part } from "../settings/poller-share.ts";
import { GAP, POLLER } from "../settings/limits.ts";
import { GAP_STAGE_DIMENSION, JOURNEY_DIMENSION, METRICS } from "../settings/metrics.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import type { ActDependencies } from "./act.ts";
import { makeAlloyCaller } from "./alloy-caller.ts";
import { checkAll, leftToAnotherRun, together } from "./check-all.ts";
import type { RunReport } from "./check-all.ts";
import type { CheckDependencies } from "./check-application.ts";
import { dryRun } from "./dry-run.ts";
import { compareInvestigations } from "./investigations.ts";
import { countSome } from "./count-some.ts";
import { countOutcomeChanges } from "./outcome-changes.ts";
import type { DryRunReport } from "./dry-run.ts";
import { makeWitnesses } from "./witness.ts";

export interface PollerDependencies extends CheckDependencies, ActDependencies {
  readonly investigations: Investigations;
  readonly applications: DueApplications;
  readonly alloy: AlloyApi;
  readonly deliveries: Deliveries;
  readonly outcomes: OutcomeCounts;
  readonly sleep: (ms: number) => Promise<void>;
}

type ChecksOfRun = Omit<Parameters<typeof checkAll>[1], "isCareful">;

/** How Alloy answers at all: `unknown` says that it knows the key. */
export interface ProbeReport {
  /** Nothing was done. */
  readonly dryRun: true;
  readonly probe: AlloyFailure | AlloyAnswer["kind"];
}

const NOBODY = { applicationToken: "JA-verify", journeyToken: "J-verify" };

/** For a dry run, of which no alarm is to know. */
const UNCOUNTED: Metrics<"poller"> = {
  count() {},
  milliseconds() {},
  flush() {},
};

/**
 * The poller: steps 8 and 9 of the path.
 *
 * 1. Read how webhooks fared on their way in, for the forecast of the switch-off and to explain gaps.
 * 2. Compare the Investigations, where the stage handles them (`compareInvestigations`): a page or two of Alloy's list.
 * 3. List the applications that are due, what failed before behind the others, and check them (`checkAll`).
 * 4. Count the gaps that are open, and how outcomes have changed (`countOutcomeChanges`).
 *
 * Of several pollers each has a part of the shards of the index `due`, and `{"poller": 2}` says which; the first does 2 and 4.
 *
 * Invoked with `{"dryRun": true}` it reports what it would do, and does nothing. With `{"probe": true}` it asks Alloy once,
 * for an application that nobody has, and says how Alloy answers.
 */
export function makePollerHandler(dependencies: PollerDependencies) {
  const { applications, investigations, settings, logger, now, random } = dependencies;
  const share = shareOf(settings.polling);
  const witnesses = makeWitnesses(dependencies);

  return async (invocation: unknown): Promise<RunReport | DryRunReport | ProbeReport> => {
    if (isJsonObject(invocation) && invocation["probe"] === true) return probe();
    const isDry = isJsonObject(invocation) && invocation["dryRun"] === true;
    const metrics = isDry ? UNCOUNTED : dependencies.metrics;
    const own = ownPartOf(invocation);
    // What is one for the whole stage is counted once.
    const isFirst = own.number === 0;
    try {
      const startedAt = now();
      const runId = `poll-${startedAt}-${Math.floor(random() * 1e9)}`;
      const deadline = startedAt + settings.polling.runMs;
      const delivery = await readDelivery(startedAt);
      if (isFirst && delivery !== null) {
        countSome(metrics, METRICS.failuresInARow, failuresInARow(delivery));
      }
      const { environment } = settings;
      const limits = { share, environment, deadline, metrics };
      const caller = makeAlloyCaller({ ...dependencies, ...limits });
      const run = { runId, caller, delivery, deadline, share };
      // A run can check no more than it may make calls.
      const due = await applications.list(startedAt, share.callsPerRun, isDry ? WHOLE : own);
      if (isDry) return await dryRun(due, run, dependencies);

      if (isFirst && settings.investigations) await readInvestigations(run, metrics);
      const report = await checkOthers(own, await checkUnderLease(due, own, run), run);
      if (isFirst) {
        await countGaps(metrics);
        await countOutcomeChanges({ ...dependencies, metrics });
      }
      const reason = caller.stopReason();
      if (reason !== null) logger.warn("poller.run.stopped", { runId, reason, left: report.left });
      logger.info("poller.run.ended", { runId, ...report });
      countSome(metrics, METRICS.applicationsBehind, report.overdue);
      metrics.count(METRICS.pollerRuns);
      return report;
    } finally {
      // Also of a run that throws: without `PollerRuns`, which counts those that ended.
      metrics.flush();
    }
  };

  /** Of several pollers, the schedule says which one this is. A person who invokes one has the first. */
  function ownPartOf(invocation: unknown): Part {
    const { pollers } = share;
    const given = isJsonObject(invocation) ? invocation["poller"] : undefined;
    const isOne = typeof given === "number" && Number.isInteger(given) && given >= 0;
    return { number: isOne ? given % pollers : 0, of: pollers };
  }

  /**
   * With time and calls left, a run checks what is due of the parts that no other one holds: a poller that does not run, or has
   * too much, leaves nothing behind.
   */
  async function checkOthers(own: Part, checked: RunReport, run: ChecksOfRun): Promise<RunReport> {
    let total = checked;
    for (let step = 1; step < own.of; step += 1) {
      if (run.caller.stopReason() !== null || now() >= run.deadline) break;
      const part = { ...own, number: (own.number + step) % own.of };
      const due = await applications.list(now(), share.callsPerRun, part);
      if (due.length === 0) continue;
      total = together(total, await checkUnderLease(due, part, run));
    }
    return total;
  }

  /** No two runs check a part at a time. Where nothing is due, no lease is needed. */
  async function checkUnderLease(
    due: readonly DueApplication[],
    part: Part,
    run: ChecksOfRun,
  ): Promise<RunReport> {
    const checks = { ...dependencies, witnesses };
    if (due.length === 0) return checkAll(due, { ...run, isCareful: false }, checks);
    const lease = { now: now(), until: now() + POLLER.claimMs, part: part.number };
    const begun = await applications.begin(lease);
    if (begun === "held") return leftToAnotherRun(due.length);
    try {
      return await checkAll(due, { ...run, isCareful: begun === "cut-off" }, checks);
    } finally {
      await endLease(lease);
    }
  }

  /** A lease that does not end has the next run claim each application, which costs writes and nothing else. */
  async function endLease(lease: Lease): Promise<void> {
    try {
      await applications.end(lease);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      logger.warn("poller.lease.left", { reason });
    }
  }

  async function probe(): Promise<ProbeReport> {
    const answer = await dependencies.alloy.getApplication(NOBODY, POLLER.callMs);
    return { dryRun: true, probe: answer.kind === "failed" ? answer.cause : answer.kind };
  }

  /** What is wrong with the Investigations keeps no application from its check. */
  async function readInvestigations(
    run: Parameters<typeof compareInvestigations>[0],
    metrics: Metrics<"poller">,
  ): Promise<void> {
    try {
      if (await compareInvestigations(run, { ...dependencies, metrics })) return;
      logger.warn("poller.investigations.unlisted", { runId: run.runId });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      logger.error("poller.investigations.unlisted", { runId: run.runId, reason });
    }
    metrics.count(METRICS.investigationsUnlisted);
  }

  async function readDelivery(at: number): Promise<DeliveryRecord | null> {
    try {
      return await dependencies.deliveries.record(at - GAP.deliveryWindowMs, at);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      // Gaps are still found and healed; only their stage is guessed at.
      logger.warn("poller.delivery.unreadable", { reason });
      return null;
    }
  }

  async function countGaps(metrics: Metrics<"poller">): Promise<void> {
    const since = now() - settings.gaps.thresholdMs;
    if (settings.investigations) {
      for (const gap of await investigations.openGaps()) {
        if (gap.since > since) continue;
        metrics.count(METRICS.deliveryGaps);
        metrics.count(METRICS.deliveryGaps, 1, { [GAP_STAGE_DIMENSION]: gap.stage });
      }
    }
    const { oldest, further } = await applications.openGaps(since, GAP.mostRead);
    // Those are counted by no stage: to read a million of them takes more than a run has.
    if (further > 0) metrics.count(METRICS.deliveryGaps, further);
    for (const gap of oldest) {
      metrics.count(METRICS.deliveryGaps);
      metrics.count(METRICS.deliveryGaps, 1, { [GAP_STAGE_DIMENSION]: gap.stage });
      // Only those that configuration names: each Journey is a metric of its own, and is paid for.
      if (gap.journeyToken === null || !settings.journeys.includes(gap.journeyToken)) continue;
      metrics.count(METRICS.deliveryGaps, 1, { [JOURNEY_DIMENSION]: gap.journeyToken });
    }
  }
}
