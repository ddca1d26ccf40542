export type Environment = "sandbox" | "live";

/** One Journey event, parsed once; from here on nobody looks at Alloy's JSON again. */
export interface JourneyEvent {
  readonly eventId: string;
  /** Alloy's `data.type`: one of `event-types.ts`, or new. */
  readonly type: string;
  /** `data.timestamp`, epoch milliseconds: when it happened at Alloy. */
  readonly at: number;
  readonly applicationToken: string;
  readonly journeyToken: string;
  readonly journeyName: string | null;
  /** As the webhook's `type` says; null when it does not. */
  readonly environment: Environment | null;
  readonly outcome: string | null;
  readonly entityToken: string | null;
  readonly entityApplicationToken: string | null;
  readonly node: { readonly id: string | null; readonly type: string | null };
  readonly externalIds: ExternalIds;
  /** `journey_application_event_token`, where Alloy sends it. */
  readonly eventToken: string | null;
  /** On `started_rerun_application`: the token of the new application. */
  readonly rerunApplicationToken: string | null;
  /** Alloy says that its application is a shadow application. */
  readonly isShadow: boolean;
}

/** The client's own ids, as given when the application was created. */
export interface ExternalIds {
  readonly group: string | null;
  readonly entity: string | null;
  readonly partner: string | null;
  readonly application: string | null;
}

/** A body that is authentic JSON but not a Journey event. */
export interface UnsupportedWebhook {
  readonly eventId: string;
  /** The envelope's `type`, or an empty string; cut when it is absurdly long. */
  readonly type: string;
  /** The envelope's `timestamp` where it is a plausible one. */
  readonly at: number | null;
  readonly environment: Environment | null;
  /** For the person who looks into it: what was missing or unknown. */
  readonly reason: string;
  /** The application of which it says that something happened; null when it does not say. */
  readonly hint: ApplicationHint | null;
  /** How many of its texts were cut. */
  readonly cutTexts: number;
}

/** An application of which a webhook tells no more than that something happened: Alloy is to be asked. */
export interface ApplicationHint {
  readonly applicationToken: string;
  readonly journeyToken: string | null;
  readonly environment: Environment | null;
}
