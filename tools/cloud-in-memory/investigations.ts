import type { EnvelopeKind } from "../../lambdas/domain/event/envelope.ts";
import type { Gap } from "../../lambdas/domain/reconciliation/gap.ts";
import type { InvestigationEvent } from "../../lambdas/domain/event/investigation-event.ts";
import { joinReport } from "../../lambdas/domain/reconciliation/investigation.ts";
import type {
  InvestigationReport,
  KnownInvestigation,
} from "../../lambdas/domain/reconciliation/investigation.ts";
import type {
  Investigations,
  ListCursor,
  OpenInvestigationGap,
} from "../../lambdas/domain/polling/polling-ports.ts";
import type { InvestigationFailure, InvestigationStore } from "../../lambdas/domain/ports.ts";

/** Investigations in memory, behind both of their ports. The DynamoDB adapter passes the same contract suite. */
export class MemoryInvestigations implements InvestigationStore, Investigations {
  /** By token. */
  readonly investigations = new Map<string, KnownInvestigation>();
  /** By token: when its failure was recorded first, and no run has looked at it since. */
  readonly #failedSince = new Map<string, number>();
  #cursor: ListCursor | null = null;

  async join(event: InvestigationEvent, origin: EnvelopeKind): Promise<InvestigationReport> {
    const { investigationToken } = event;
    const { report, reports } = joinReport(this.#of(investigationToken), event, origin);
    this.#change(investigationToken, { reports });
    return report;
  }

  async recordFailure({ investigationToken, ...failure }: InvestigationFailure): Promise<void> {
    const others = this.#failuresBut(investigationToken, failure.eventId);
    this.#change(investigationToken, { failures: [...others, failure] });
    const since = this.#failedSince.get(investigationToken) ?? failure.failedAt;
    this.#failedSince.set(investigationToken, since);
  }

  async clearFailure(investigationToken: string, eventId: string): Promise<void> {
    if (!this.investigations.has(investigationToken)) return;
    this.#change(investigationToken, { failures: this.#failuresBut(investigationToken, eventId) });
  }

  async look(investigationToken: string): Promise<KnownInvestigation | null> {
    return this.investigations.get(investigationToken) ?? null;
  }

  async keepGap(investigationToken: string, gap: Gap | null): Promise<void> {
    this.#failedSince.delete(investigationToken);
    this.#change(investigationToken, { gap });
  }

  async openGaps(): Promise<readonly OpenInvestigationGap[]> {
    return [...this.investigations.values()]
      .flatMap(({ investigationToken, gap }) => {
        if (gap !== null) return [{ investigationToken, since: gap.since, stage: gap.stage }];
        const since = this.#failedSince.get(investigationToken);
        return since === undefined
          ? []
          : [{ investigationToken, since, stage: "failed-processing" as const }];
      })
      .toSorted((one, other) => one.since - other.since);
  }

  async cursor(): Promise<ListCursor | null> {
    return this.#cursor;
  }

  async keepCursor(cursor: ListCursor): Promise<void> {
    if (this.#cursor === null || this.#cursor.readTo <= cursor.readTo) this.#cursor = cursor;
  }

  #failuresBut(investigationToken: string, eventId: string) {
    return this.#of(investigationToken).failures.filter((one) => one.eventId !== eventId);
  }

  #of(investigationToken: string): KnownInvestigation {
    const nothing = { investigationToken, reports: [], failures: [], gap: null };
    return this.investigations.get(investigationToken) ?? nothing;
  }

  #change(investigationToken: string, changes: Partial<KnownInvestigation>): void {
    this.investigations.set(investigationToken, { ...this.#of(investigationToken), ...changes });
  }
}
