import type { DueApplication, DueApplications } from "../domain/polling-ports.ts";
import type { GapStage } from "../settings.ts";
import { checkApplication } from "./check-application.ts";
import type { CheckDependencies, Finding, Run } from "./check-application.ts";

/** What a run would find and do. */
export interface DryRunReport {
  readonly dryRun: true;
  readonly due: number;
  readonly applications: readonly {
    readonly applicationToken: string;
    readonly result: Finding["kind"];
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
  },
): Promise<DryRunReport> {
  const applications: DryRunReport["applications"][number][] = [];
  for (const { applicationToken, dueAt } of due) {
    if (run.caller.stopReason() !== null || dependencies.now() >= run.deadline) break;
    const known = await dependencies.applications.look(applicationToken);
    if (known === null) continue;
    const finding = await checkApplication(known, dueAt, run, dependencies);
    const { comparison } = finding;
    applications.push({
      applicationToken,
      result: finding.kind,
      missing: comparison?.missing.length ?? 0,
      toQueue: (comparison?.toHeal.length ?? 0) + (comparison?.corrections.length ?? 0),
      gapStage: finding.gap?.stage ?? null,
      nextCheck: finding.dueAt === null ? null : new Date(finding.dueAt).toISOString(),
    });
  }
  return { dryRun: true, due: due.length, applications };
}
