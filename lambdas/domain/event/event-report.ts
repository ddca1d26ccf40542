/**
 * What one side says of an event: Alloy's list, a webhook, or the record of one. Null: this side does
 * not say it. Alloy's own example of its list leaves out what its webhooks bring, so what is absent on
 * one side decides nothing (docs/contracts.md#event-identity).
 */
export interface EventReport {
  readonly eventId: string;
  readonly type: string;
  /** When it happened at Alloy, epoch milliseconds. */
  readonly at: number;
  readonly entityApplicationToken: string | null;
  readonly entityToken: string | null;
  readonly nodeId: string | null;
  /** Alloy's own token of the event. */
  readonly eventToken: string | null;
  readonly outcome: string | null;
}

/** An event of Alloy's list beside another that it could be taken for. */
export interface LookAlike extends EventReport {
  /** The id of its record; null: it is not recorded. */
  readonly recordedAs: string | null;
}
