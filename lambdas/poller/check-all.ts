import type { DueApplication, DueApplications } from "../domain/polling-ports.ts";
import { POLLER } from "../settings.ts";
import { act } from "./act.ts";
import type { ActDependencies } from "./act.ts";
import { checkApplication } from "./check-application.ts";
import type { CheckDependencies, Finding, Run } from "./check-application.ts";

export interface CheckAllDependencies extends CheckDependencies, ActDependencies {
  readonly applications: DueApplications;
}

/** `taken`: by another run, or moved by a webhook meanwhile. `failed`: by a fault of ours. */
type Result = Finding["kind"] | "taken" | "failed";

/** What a run did, for its log entry and for whoever invoked it. */
export type RunReport = Readonly<Record<Result | "due" | "left" | "behind", number>>;

/**
 * Checks what is due: one after the other until Alloy has answered, then side by side, until the
 * budget of calls or of time ends, or Alloy is out. What is left stays due, and comes first next time.
 */
export async function checkAll(
  due: readonly DueApplication[],
  run: Run & { readonly deadline: number },
  dependencies: CheckAllDependencies,
): Promise<RunReport> {
  const { applications, settings, logger, now } = dependencies;
  const counts: Record<Result, number> = {
    checked: 0,
    unknown: 0,
    ignored: 0,
    "pushed-out": 0,
    unanswered: 0,
    postponed: 0,
    taken: 0,
    failed: 0,
  };
  const waiting = [...due];
  const postponed: DueApplication[] = [];

  await checkUntil(() => run.caller.hasAnswered());
  await Promise.all(Array.from({ length: POLLER.lanes }, () => checkUntil(() => false)));
  const left = [...waiting, ...postponed];
  const behindSince = now() - 2 * settings.polling.rateMs;
  const behind = left.filter(({ dueAt }) => dueAt < behindSince).length;
  return { ...counts, due: due.length, left: left.length, behind };

  async function checkUntil(isEnough: () => boolean): Promise<void> {
    while (run.caller.stopReason() === null && now() < run.deadline && !isEnough()) {
      const next = waiting.shift();
      if (next === undefined) return;
      const result = await checkOne(next);
      counts[result] += 1;
      if (result === "postponed") postponed.push(next);
    }
  }

  async function checkOne(next: DueApplication): Promise<Result> {
    try {
      const at = now();
      const claimed = await applications.claim(next, { now: at, until: at + POLLER.claimMs });
      if (claimed === null) return "taken";
      const finding = await checkApplication(claimed, next.dueAt, run, dependencies);
      await act(claimed, finding, run.runId, dependencies);
      return finding.kind;
    } catch (error) {
      // One application that cannot be checked must not keep the others from it; it can be claimed
      // again when its claim ends.
      const { applicationToken } = next;
      const reason = error instanceof Error ? error.message : String(error);
      logger.error("poller.check.failed", { applicationToken, reason });
      return "failed";
    }
  }
}
