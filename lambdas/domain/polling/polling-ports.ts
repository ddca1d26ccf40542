import type { GapStage } from "../../settings/metrics.ts";
import type { AlloyApplication } from "../reconciliation/alloy-application.ts";
import type { ApplicationState } from "../application/application-state.ts";
import type { DeliveryRecord } from "../reconciliation/delivery.ts";
import type { Envelope } from "../event/envelope.ts";
import type { Gap } from "../reconciliation/gap.ts";
import type { GapNotice, InvestigationGapNotice } from "../routing/gap-notice.ts";
import type { InvestigationPage } from "../reconciliation/investigation-list.ts";
import type { KnownInvestigation } from "../reconciliation/investigation.ts";
import type { RecordedEvent, RecordedFailure } from "../reconciliation/reconciliation.ts";
import type { Refusal } from "../refusal.ts";
import type { Part } from "../../settings/poller-share.ts";

/** An application whose check is due. */
export interface DueApplication {
  readonly applicationToken: string;
  /** Epoch milliseconds. */
  readonly dueAt: number;
  /** Its previous check failed. */
  readonly hasFailed: boolean;
}

/** An application that Alloy knew, by which it is found out whether Alloy knows anybody. */
export interface Witness {
  readonly applicationToken: string;
  readonly journeyToken: string;
  /** When Alloy last knew it, epoch milliseconds. */
  readonly knownAt: number;
  /** When it was last asked for as a witness, epoch milliseconds; null: never. */
  readonly askedAt: number | null;
}

/** What the poller itself keeps on an application. */
export interface CheckMemory {
  /** When Alloy last answered for it; null: never. */
  readonly checkedAt: number | null;
  /** When a person or the consumer requested a check at once; null: never. */
  readonly requestedAt: number | null;
  /** How often the check was rescheduled since then, because events kept coming. */
  readonly reschedules: number;
  /** Checks in a row that failed: without an answer of Alloy's, or by a fault of ours. */
  readonly failedChecks: number;
  /** Since when Alloy says that it does not know it, while it knows others; null: it knows it. */
  readonly unknownSince: number | null;
  /** Since when each check has found something to put right, or to wait for; null: the last one has not. */
  readonly unsettledSince: number | null;
  /** What its share of calls is used up to (`asking-share.ts`), epoch milliseconds; null: unused. */
  readonly shareUsedTo: number | null;
  /** A check that stays where it is in the index until it is time for it; null: none does. */
  readonly wait: Wait | null;
}

/** Times in epoch milliseconds. */
export interface Wait {
  /** The due time that it is for: a check that is requested meanwhile has another one, and waits for nothing. */
  readonly dueAt: number;
  /** When the check is to be made. */
  readonly until: number;
}

/** What the poller keeps on an application that it has never checked. */
export const NEVER_CHECKED: CheckMemory = {
  checkedAt: null,
  requestedAt: null,
  reschedules: 0,
  failedChecks: 0,
  unknownSince: null,
  unsettledSince: null,
  shareUsedTo: null,
  wait: null,
};

/** What is known of an application that is to be checked. */
export interface KnownApplication {
  readonly state: ApplicationState;
  readonly memory: CheckMemory;
  /** As the previous check found it. */
  readonly gap: Gap | null;
  /**
   * What its merged events add up to (`tally.ts`). Null: nothing does, or a failure or the mark of a healed event stands
   * beside the state.
   */
  readonly tally: number | null;
}

/** An application that this run, and no other, may check. */
export interface ClaimedApplication extends KnownApplication {
  /** When its check is due as it stands, epoch milliseconds; only `plan` and a requested check change it. */
  readonly dueAt: number;
  /** Until when no other run can claim it, epoch milliseconds; null: taken under the lease of the run. */
  readonly claimedUntil: number | null;
  /** The state's revision: the consumer counts it up with every merge. */
  readonly revision: number | null;
  /** The list of a gap's events as it is stored, perhaps of one that is over: a run was cut off before it removed it. */
  readonly storedGap: unknown;
}

/** When a claim begins and ends, in epoch milliseconds. */
export interface Claim {
  readonly now: number;
  readonly until: number;
  /** When an application is due again whose claim was cut off, by how many checks in a row failed with it. */
  readonly again: (failedChecks: number) => number;
}

/** Of all runs that check a part: while one holds it, no other one begins. Times in epoch milliseconds. */
export interface Lease {
  /** The number of the part. */
  readonly part: number;
  readonly now: number;
  readonly until: number;
}

/** What is recorded of an application's events. */
export interface History {
  readonly events: readonly RecordedEvent[];
  readonly failures: readonly RecordedFailure[];
}

/** How a check ends for the table. */
export interface CheckPlan {
  /** The next check, epoch milliseconds; null settles the application: it leaves the index. */
  readonly dueAt: number | null;
  readonly memory: CheckMemory;
  readonly gap: Gap | null;
  /** Epoch milliseconds. */
  readonly at: number;
  /**
   * What is merged with the same write, unless something else was merged since the claim: then a later check does.
   * @default - nothing
   */
  readonly learned?: ApplicationState;
}

/** An application in gap. */
export interface OpenGap {
  readonly applicationToken: string;
  readonly journeyToken: string | null;
  readonly stage: GapStage;
}

/** The applications that are to be checked. */
export interface DueApplications {
  /**
   * Those due at this time, claimed ones among them: oldest first, and behind all of them, oldest first,
   * those whose previous check failed. The first part has these.
   *
   * @param limit - per shard, and of those behind.
   * @param part - @default - all of them
   */
  list(now: number, limit: number, part?: Part): Promise<readonly DueApplication[]>;
  /** How many have been due since before this time, in all parts; of more than a million, as many as `POLLER.mostPagesCounted` can count. */
  countDue(before: number): Promise<number>;
  /**
   * Begins a run (docs/decisions/0067). `cut-off`: the run before did not end its lease, so something that it checked may
   * have ended it. `held`: another run checks at this moment.
   */
  begin(lease: Lease): Promise<"begun" | "cut-off" | "held">;
  /** Ends the lease of a run. */
  end(lease: Lease): Promise<void>;
  /** Reads an application for a check under the lease. Null when a webhook has moved it; `claimed`: a claim is left on it. */
  take(due: DueApplication): Promise<ClaimedApplication | "claimed" | null>;
  /**
   * Null when another run has taken it, or a webhook has moved it, meanwhile. A claim that was cut off
   * ends by itself; that counts as a failed check.
   */
  claim(due: DueApplication, claim: Claim): Promise<ClaimedApplication | null>;
  /** The same without a claim; null when there is no such application. */
  look(applicationToken: string): Promise<KnownApplication | null>;
  history(applicationToken: string): Promise<History>;
  /** Ends a claim. A check that somebody asked for meanwhile stays as it is. */
  plan(claimed: ClaimedApplication, plan: CheckPlan): Promise<void>;
  /**
   * The applications whose gap has been open since this time (epoch milliseconds) or longer, the oldest gaps first, and how
   * many there are besides: of very many, as many as `GAP.mostPagesCounted` reads can count.
   *
   * @param limit - so many are named at most.
   */
  openGaps(
    since: number,
    limit: number,
  ): Promise<{ readonly oldest: readonly OpenGap[]; readonly further: number }>;
  /** Null when Alloy has never known anybody. */
  witness(): Promise<Witness | null>;
  /** Changes these of its properties alone. */
  keepWitness(changes: Partial<Witness>): Promise<void>;
}

/** How far Alloy's list of Investigations has been read; times in epoch milliseconds. */
export interface ListCursor {
  /** When it was read first: steps before are history. */
  readonly since: number;
  /** What moved before has been read. */
  readonly readTo: number;
  /** A list with more pages than one run reads: where the next run continues, and when the reading began. */
  readonly rest: {
    readonly page: number;
    readonly beganAt: number;
    readonly lastAt: number;
  } | null;
}

/** An Investigation in gap. */
export interface OpenInvestigationGap {
  readonly investigationToken: string;
  readonly since: number;
  readonly stage: GapStage;
}

/** The Investigations, as the poller compares them with Alloy's list. */
export interface Investigations {
  /** Null when nothing is known of it. */
  look(investigationToken: string): Promise<KnownInvestigation | null>;
  keepGap(investigationToken: string, gap: Gap | null): Promise<void>;
  /** Those in gap, and those of which the consumer has recorded a failure since: they may be. */
  openGaps(): Promise<readonly OpenInvestigationGap[]>;
  /** Null before the first reading. */
  cursor(): Promise<ListCursor | null>;
  keepCursor(cursor: ListCursor): Promise<void>;
}

/** How webhooks fared on their way in. */
export interface Deliveries {
  /** @throws TransientError when the metrics, or the queue, cannot be read. */
  record(from: number, now: number): Promise<DeliveryRecord>;
}

/** Tells the bus of gaps. */
export interface GapAnnouncer {
  /** @throws TransientError when the bus did not take all of them, PermanentError when it will never take the rest. */
  announce(notices: readonly (GapNotice | InvestigationGapNotice)[]): Promise<void>;
}

/** The event queue, as the poller fills it. */
export interface EventQueue {
  /**
   * @returns for each envelope, in order, null when the queue took it, or why it did not.
   * @throws TransientError when nobody knows what the queue took.
   */
  send(envelopes: readonly Envelope[]): Promise<readonly (Refusal | null)[]>;
}

/** What one call of Get Journey Application came to. */
export type AlloyAnswer =
  | ({ readonly kind: "application"; readonly application: AlloyApplication } & AlloyRest)
  /** A 4xx whose body is Alloy's own: it does not know the application, or not by this account. */
  | ({
      readonly kind: "unknown";
      readonly status: number;
      readonly minorCode: number | null;
    } & AlloyRest)
  /** 401: our credentials are wrong, or the bearer has expired. */
  | { readonly kind: "unauthorized" }
  /** 429. */
  | { readonly kind: "rate-limited"; readonly retryAfterMs: number | null }
  /** 5xx, any other 4xx, no answer in time, no connection, or a page of something else. */
  | { readonly kind: "failed"; readonly cause: AlloyFailure; readonly retryAfterMs: number | null };

/** What an answer says of the calls after it. */
interface AlloyRest {
  /** How long the rate limit allows no further call. */
  readonly restMs?: number;
}

/**
 * - `timeout`: not answered, or not to the end; `unreachable`: no connection, or a redirect;
 * - `server-error`: 5xx; `not-an-application`: 2xx with something else than was asked for;
 * - `refused`: a 4xx that no wait mends; `too-large`: more than can be read.
 */
export type AlloyFailure =
  | "timeout"
  | "unreachable"
  | "server-error"
  | "not-an-application"
  | "refused"
  | "too-large";

/** What one call of the list of Investigations came to. */
export type AlloyListAnswer =
  | ({ readonly kind: "investigations"; readonly page: InvestigationPage } & AlloyRest)
  | Extract<AlloyAnswer, { kind: "unauthorized" | "rate-limited" | "failed" }>;

/** Alloy's API. */
export interface AlloyApi {
  /**
   * One call of Get Journey Application; nothing is retried here.
   *
   * @param timeoutMs - for the whole call.
   */
  getApplication(
    asked: { readonly applicationToken: string; readonly journeyToken: string },
    timeoutMs: number,
  ): Promise<AlloyAnswer>;
  /**
   * One page of the list of Investigations, those that moved last first; nothing is retried here.
   *
   * @param page - from 1.
   */
  listInvestigations(page: number, timeoutMs: number): Promise<AlloyListAnswer>;
  /** Forgets the credentials in use, after a 401: the next call reads them anew. */
  renewCredentials(): void;
}
