import type { RouteId } from "../settings/routes.ts";
import type { HealedMark, NearbyReports } from "./application/alias.ts";
import type { ApplicationState, EntityRegister } from "./application/application-state.ts";
import type { EnvelopeKind } from "./event/envelope.ts";
import type { InvestigationEvent } from "./event/investigation-event.ts";
import type { InvestigationReport } from "./reconciliation/investigation.ts";
import type { JourneyEvent } from "./event/journey-event.ts";
import type { PublishedEvent } from "./routing/published-event.ts";
import type { RecordedFailure } from "./reconciliation/reconciliation.ts";
import type { Refusal } from "./refusal.ts";

/** One event as it is kept: what arrived, when, and what was made of it. */
export interface EventRecord {
  readonly eventId: string;
  /** Null for a body that names no application; it is kept under its own id, or with its Investigation. */
  readonly applicationToken: string | null;
  readonly investigationToken?: string;
  readonly type: string;
  /** When it happened at Alloy, or, where the body does not say, when it arrived; epoch milliseconds. */
  readonly at: number;
  readonly receivedAt: number;
  readonly receiptId: string;
  readonly origin: EnvelopeKind;
  readonly route: RouteId;
  readonly outcome: string | null;
  readonly entityToken: string | null;
  readonly entityApplicationToken: string | null;
  readonly nodeId: string | null;
  readonly eventToken: string | null;
  /** The bytes of the body as they came; of the release before, the webhook's `data` alone as JSON. */
  readonly body: Uint8Array;
  /** Where the whole body stands, if it was too large for the queue. */
  readonly payloadKey: string | null;
  /** It is not published unless Alloy's own answer confirms it (`withholding.ts`). */
  readonly isWithheld: boolean;
  /** Its message has it until then; absent: nobody, or whoever has its idempotency record. */
  readonly lock?: RecordLock;
}

/** Who processes an event, in the event's own record (docs/decisions/0079). */
export interface RecordLock {
  /** A delivery of its message; no two deliveries have the same. */
  readonly by: string;
  /** When the invocation that processes it is over, epoch milliseconds; 0: it has failed, and said so. */
  readonly until: number;
}

/** What became of an event that was to be recorded. */
export interface Recording {
  /** False when it had been recorded before; it stays as it is. */
  readonly isNew: boolean;
  /** The receipt with which it is recorded. */
  readonly receiptId: string;
  /** When that receipt was received, epoch milliseconds. */
  readonly receivedAt: number;
  /** It was withheld when it was processed before. */
  readonly isWithheld: boolean;
  /** With which it is recorded: another report of the event may name none. */
  readonly outcome: string | null;
  /** With which it is recorded. */
  readonly lock?: RecordLock;
}

/** Evidence that an event could not be processed; removed when it has been. */
export interface FailureRecord {
  readonly applicationToken: string;
  readonly eventId: string;
  readonly eventType: string;
  readonly reason: string;
  /** Epoch milliseconds. */
  readonly failedAt: number;
  readonly receiptId: string;
  /** It went to the dead-letter queue at once; otherwise it is being retried. */
  readonly deadLettered: boolean;
}

/** When the poller is to look at an application. */
export interface CheckRequest {
  /** Epoch milliseconds. */
  readonly dueAt: number;
  /**
   * `first`: unless a check is planned already. `now`: in place of what is planned. `now-if-ended`: the
   * same, if the application had ended before, by another event.
   */
  readonly when: "first" | "now" | "now-if-ended";
}

/** One of several observations of an application that are joined with it together. */
export interface MergeStep {
  readonly observation: ApplicationState;
  readonly check: CheckRequest;
}

/** An application before an observation was joined with it, and after. */
export interface Merged {
  /** Null when the observation is the first that we hear of it. */
  readonly before: ApplicationState | null;
  readonly after: ApplicationState;
}

/** Where an event is recorded. */
export type EventPlace = Pick<JourneyEvent, "applicationToken" | "eventId" | "at">;

/** What the consumer keeps of events and applications. Every write is conditional by itself. */
export interface ApplicationStore {
  /** Keeps the event unless it is kept already, and says of whom it is; reads nothing for that. */
  recordEvent(event: EventRecord): Promise<Recording>;
  /** Says in the event's record that whoever locked it so has failed. A record with another lock stays as it is. */
  unlockEvent(event: EventPlace, lock: RecordLock): Promise<void>;
  /** The lock of the event's record; null: it has none, or is not recorded. A rare read. */
  lockOf(event: EventPlace): Promise<RecordLock | null>;
  /** Notes on the event's record that it was not published, until Alloy's own answer confirms it. */
  withholdEvent(event: JourneyEvent): Promise<void>;
  /** Gives up the record of an event that turned out to be one that is recorded under another id. */
  forgetEvent(event: JourneyEvent): Promise<void>;
  /** Removes whatever is stored of an event whose application is forgotten: its record, mark and failure. */
  eraseEvent(event: EventPlace): Promise<void>;
  /**
   * Leaves a mark of an event that the poller brings, before it is recorded: its webhook may come after
   * all. A mark that is there already stays.
   *
   * @param expiresAt - when no webhook can come any more, epoch milliseconds.
   */
  markHealed(applicationToken: string, mark: HealedMark, expiresAt: number): Promise<void>;
  /** Notes on the mark of a healed event, where there is one, that this webhook was its. */
  noteWebhookOf(healed: HealedMark["event"], webhook: JourneyEvent): Promise<void>;
  /** What is recorded and marked of the application's events of about the same time; a rare read. */
  reportsNear(event: JourneyEvent): Promise<NearbyReports>;
  /** An applicant's register that left the application's item (`applicantsStoredUntil`); a rare read. */
  readApplicant(applicationToken: string, entityToken: string): Promise<EntityRegister | null>;
  /** Null when nothing is known of it. */
  readState(applicationToken: string): Promise<ApplicationState | null>;
  /** Joins an observation with what is known of its application, and returns both; reads nothing for that. */
  mergeState(observation: ApplicationState, check: CheckRequest): Promise<Merged>;
  /**
   * Joins several observations of one application with it, one after the other, and returns what each came to. Observations
   * in the usual order cost one write together. After an error nobody knows which are joined: any may be joined again.
   *
   * @returns fewer where a later one failed: the others are to be joined by themselves.
   */
  mergeEach(steps: readonly MergeStep[]): Promise<readonly Merged[]>;
  /** Keeps none of a forgotten application. */
  recordFailure(failure: FailureRecord): Promise<void>;
  /** Whether a failure of the event is recorded; a rare read. */
  hasFailure(applicationToken: string, eventId: string): Promise<boolean>;
  clearFailure(applicationToken: string, eventId: string): Promise<void>;
}

/** Evidence that a step of an Investigation could not be processed. */
export type InvestigationFailure = RecordedFailure & { readonly investigationToken: string };

/** What the consumer keeps of Investigations. */
export interface InvestigationStore {
  /**
   * Joins a step with what is known of its Investigation (`joinReport`).
   *
   * @returns the report under which the step is known: another one's, if that one has reported it.
   */
  join(event: InvestigationEvent, origin: EnvelopeKind): Promise<InvestigationReport>;
  /** Keeps evidence of a failure, and has the poller look at the Investigation (`Investigations.openGaps`). */
  recordFailure(failure: InvestigationFailure): Promise<void>;
  clearFailure(investigationToken: string, eventId: string): Promise<void>;
}

/** Puts events on the bus. */
export interface EventPublisher {
  /**
   * @returns for each event, in order, null when the bus took it, or why it did not.
   * @throws TransientError when nobody knows what the bus took.
   */
  publish(events: readonly PublishedEvent[]): Promise<readonly (Refusal | null)[]>;
}

/** Locks an event while it is processed, and keeps that it had its effect (Powertools idempotency). */
export interface Idempotency {
  /**
   * Locks the event until it is completed or released, at most for the time that the invocation has left.
   *
   * @returns `begun` when this call locked it, `duplicate` when an earlier one has completed it, `in-conflict` when
   * another one has locked it.
   */
  begin(eventId: string, remainingMs: number): Promise<"begun" | "duplicate" | "in-conflict">;
  /** Whether the event had its effect; a rare read. */
  isCompleted(eventId: string): Promise<boolean>;
  /** Keeps for the whole window that the event had its effect. */
  complete(eventId: string): Promise<void>;
  /** Removes the lock, also another invocation's. What is completed stays. */
  release(eventId: string): Promise<void>;
}

/** Takes what no retry can help, with the reason. */
export interface DeadLetters {
  /** @param queueMessage - the message's body as it came, so that it can be redriven. */
  send(queueMessage: string, reason: string): Promise<void>;
}

/** Reads bodies that were too large for the queue. */
export interface PayloadReader {
  /** @throws PermanentError when there is no such payload any more. */
  read(payloadKey: string): Promise<Uint8Array>;
}

/** What the consumer changes in the queue about a message to be retried. */
export interface QueueMessages {
  /** Makes the message visible again after this time, instead of after the whole visibility timeout. */
  retryAfter(receiptHandle: string, seconds: number): Promise<void>;
}
