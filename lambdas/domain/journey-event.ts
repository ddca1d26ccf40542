import * as v from "valibot";

import { contentIdOf, eventIdOf } from "./identity.ts";

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
export interface ForeignWebhook {
  readonly eventId: string;
  /** The envelope's `type`, or an empty string. */
  readonly type: string;
  /** The envelope's `timestamp` where it is a plausible one. */
  readonly at: number | null;
  readonly environment: Environment | null;
  /** For the person who looks into it: what was missing or unknown. */
  readonly reason: string;
}

export type ParsedWebhook =
  | {
      readonly kind: "journey-event";
      readonly event: JourneyEvent;
      /** When Alloy sent this attempt, by the envelope's `timestamp`, epoch milliseconds; null: unknown. */
      readonly sentAt: number | null;
    }
  /** Another family of Alloy's webhooks: reviews, evaluations, … */
  | { readonly kind: "other"; readonly webhook: ForeignWebhook }
  /** Nothing that Alloy's documentation knows, its test button included. */
  | { readonly kind: "unrecognised"; readonly webhook: ForeignWebhook }
  /** Nothing can be done with it, now or later. */
  | { readonly kind: "invalid"; readonly reason: string };

/** Every Journey webhook's `type` starts so; the suffix of live ones is not documented. */
const JOURNEY_FAMILY = "update:journeyapplications";

/** Alloy was founded in 2015: nothing of its is older. */
const EARLIEST_MS = Date.UTC(2015, 0, 1);
/** Nor is anything of its from after this; a larger number is in microseconds, or noise. */
const LATEST_MS = Date.UTC(2100, 0, 1);

const text = v.optional(v.nullable(v.union([v.string(), v.pipe(v.number(), v.transform(String))])));
const lenientText = v.fallback(text, null);
const flag = v.fallback(v.optional(v.nullable(v.boolean())), null);

const DataSchema = v.looseObject({
  journey_application_token: v.pipe(v.string(), v.nonEmpty()),
  journey_token: v.pipe(v.string(), v.nonEmpty()),
  type: v.pipe(v.string(), v.nonEmpty()),
  timestamp: v.number(),
  journey_name: lenientText,
  outcome: lenientText,
  entity_token: lenientText,
  entity_application_token: lenientText,
  external_group_id: lenientText,
  external_entity_id: lenientText,
  external_partner_id: lenientText,
  external_application_id: lenientText,
  journey_application_event_token: lenientText,
  rerun_journey_application_token: lenientText,
  // Not documented for webhooks; Alloy's API has the one name in its schema, the other in its example.
  is_shadow_app: flag,
  is_shadow_application: flag,
  _embedded: v.fallback(
    v.optional(
      v.nullable(
        v.looseObject({
          node: v.fallback(
            v.optional(v.nullable(v.looseObject({ id: lenientText, type: lenientText }))),
            null,
          ),
        }),
      ),
    ),
    null,
  ),
});

/**
 * Reads a webhook's body. Lenient, because Alloy's documentation is incomplete: only the application,
 * the Journey, the type and the time are required; everything else may be absent, null or new.
 *
 * @param body - JSON text: a webhook, or (from the poller and from a replay) its `data` alone.
 */
export function parseWebhook(body: string): ParsedWebhook {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    // The parser's own message would quote the body, which may hold personal data.
    return { kind: "invalid", reason: `the body is not JSON (${body.length} characters)` };
  }
  if (!isObject(json)) return unrecognised(json, "the body is JSON, but not an object");

  const bare = !("data" in json) && "journey_application_token" in json;
  const family = bare ? JOURNEY_FAMILY : textOf(json["type"]);
  const content = bare ? json : json["data"];

  if (!family.startsWith(JOURNEY_FAMILY)) {
    if (family === "") return unrecognised(json, "the webhook has no type");
    const webhook = foreign(family, json, `the webhook is of the family ${family}`);
    return { kind: "other", webhook };
  }

  const parsed = v.safeParse(DataSchema, content);
  if (!parsed.success) {
    const where = parsed.issues.map((issue) => v.getDotPath(issue) ?? "data").join(", ");
    return unrecognised(json, `the Journey event lacks or mistypes: ${where}`);
  }
  const implausible = implausibleTime(parsed.output.timestamp);
  if (implausible !== null) return { kind: "invalid", reason: implausible };
  return {
    kind: "journey-event",
    event: journeyEvent(parsed.output, environmentOf(family)),
    sentAt: typeof json["timestamp"] === "number" && !bare ? json["timestamp"] : null,
  };
}

function journeyEvent(
  data: v.InferOutput<typeof DataSchema>,
  environment: Environment | null,
): JourneyEvent {
  const node = data._embedded?.node;
  const identity = {
    applicationToken: data.journey_application_token,
    type: data.type,
    at: data.timestamp,
    entityApplicationToken: data.entity_application_token ?? null,
    nodeId: node?.id ?? null,
  };
  return {
    eventId: eventIdOf(identity),
    type: identity.type,
    at: identity.at,
    applicationToken: identity.applicationToken,
    journeyToken: data.journey_token,
    journeyName: data.journey_name ?? null,
    environment,
    outcome: data.outcome ?? null,
    entityToken: data.entity_token ?? null,
    entityApplicationToken: identity.entityApplicationToken,
    node: { id: identity.nodeId, type: node?.type ?? null },
    externalIds: {
      group: data.external_group_id ?? null,
      entity: data.external_entity_id ?? null,
      partner: data.external_partner_id ?? null,
      application: data.external_application_id ?? null,
    },
    eventToken: data.journey_application_event_token ?? null,
    rerunApplicationToken: data.rerun_journey_application_token ?? null,
    isShadow: data.is_shadow_app === true || data.is_shadow_application === true,
  };
}

/** Says what is wrong with an event time, or null. */
function implausibleTime(timestamp: number): string | null {
  if (!Number.isInteger(timestamp)) {
    return `data.timestamp is ${timestamp}; wanted whole epoch milliseconds`;
  }
  if (timestamp >= EARLIEST_MS && timestamp < LATEST_MS) return null;
  const seconds = timestamp * 1_000 >= EARLIEST_MS && timestamp * 1_000 < LATEST_MS;
  return `data.timestamp is ${timestamp}${seconds ? ", which looks like epoch seconds" : ""}; wanted epoch milliseconds between 2015 and 2100`;
}

function environmentOf(family: string): Environment | null {
  const suffix = family.slice(JOURNEY_FAMILY.length);
  if (suffix === ":sandbox") return "sandbox";
  // Not documented; both candidates of the fact sheet.
  if (suffix === ":live") return "live";
  return null;
}

function unrecognised(json: unknown, reason: string): ParsedWebhook {
  const type = isObject(json) ? textOf(json["type"]) : "";
  return { kind: "unrecognised", webhook: foreign(type, json, reason) };
}

function foreign(type: string, json: unknown, reason: string): ForeignWebhook {
  const at = isObject(json) && typeof json["timestamp"] === "number" ? json["timestamp"] : null;
  return {
    eventId: contentIdOf(type, contentOf(json)),
    type,
    at: at !== null && implausibleTime(at) === null ? at : null,
    environment: environmentOf(type),
    reason,
  };
}

/** What a body says: its `data`, or the whole but for what each attempt of Alloy's stamps anew. */
function contentOf(json: unknown): unknown {
  if (!isObject(json)) return json;
  if ("data" in json) return json["data"];
  const { request_token: _, timestamp: __, ...content } = json;
  return content;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
