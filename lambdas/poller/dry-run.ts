import type { DueApplication, DueApplications } from "../domain/polling/polling-ports.ts";
import type { GapStage } from "../settings/metrics.ts";
import type { MessageLogger } from "../telemetry/powertools-logger.ts";
import { checkApplication } from "./check-application.ts";
import type { CheckDependencies, Finding, Run } from "./check-application.ts";

/** What a run would find and do. */
export interface DryRunReport {
  readonly dryRun: true;
  readonly due: number;
  readonly applications: readonly {
    readonly applicationToken: string;
    /** `failed`: by a fault of ours. */
    readonly result: Finding["kind"] | "failed";
    readonly missing: number;
    /** Queue messages that it would send. */
    readonly toQueue: number;
    readonly gapStage: GapStage | null;
    /** ISO 8601, UTC; null: it would be settled. */
    readonly nextCheck: string | null;
  }[];
}

/** Checks what is due without claiming, queueing, publishing or planning anything; it does call Alloy. */
export async function dryRun(
  due: readonly DueApplication[],
  run: Run & { readonly deadline: number },
  dependencies: CheckDependencies & {
    readonly applications: Pick<DueApplications, "look" | "history">;
    readonly logger: MessageLogger;
  },
): Promise<DryRunReport> {
  const applications: DryRunReport["applications"][number][] = [];
  for (const next of due) {
    if (run.caller.stopReason() !== null || dependencies.now() >= run.deadline) break;
    const looked = await lookAt(next);
    if (looked !== null) applications.push(looked);
  }
  return { dryRun: true, due: due.length, applications };

  async function lookAt({ applicationToken, dueAt }: DueApplication) {
    try {
      const known = await dependencies.applications.look(applicationToken);
      if (known === null) return null;
      const finding = await checkApplication(known, dueAt, run, dependencies);
      const { comparison } = finding;
      return {
        applicationToken,
        result: finding.kind,
        missing: comparison?.missing.length ?? 0,
        toQueue:
          (comparison?.toHeal.length ?? 0) +
          (comparison?.corrections.length ?? 0) +
          (comparison?.decision ? 1 : 0),
        gapStage: finding.gap?.stage ?? null,
        nextCheck: finding.dueAt === null ? null : new Date(finding.dueAt).toISOString(),
      };
    } catch (error) {
      // One that cannot be looked at must not hide the others, here as little as in a real run.
      const reason = error instanceof Error ? error.message : String(error);
      dependencies.logger.error("poller.check.failed", { applicationToken, reason });
      const nothing = { missing: 0, toQueue: 0, gapStage: null, nextCheck: null };
      return { applicationToken, result: "failed" as const, ...nothing };
    }
  }
}
