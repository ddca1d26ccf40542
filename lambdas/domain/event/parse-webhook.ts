import { EXTERNAL_INPUT } from "../../settings/limits.ts";
import { isJsonObject, objectIn, readJson } from "./external-json.ts";
import type { JsonObject } from "./external-json.ts";
import { cutTo, readText, readToken } from "./external-text.ts";
import { contentIdOf } from "./identity.ts";
import { readTime } from "./plausible-time.ts";
import { readJourneyEvent } from "./read-journey-event.ts";
import { belongsToAnotherFamily, environmentOf, isJourneyFamily } from "./webhook-family.ts";
import type {
  ApplicationHint,
  JourneyEvent,
  Environment,
  UnsupportedWebhook,
} from "./journey-event.ts";

export type ParsedWebhook =
  | {
      readonly kind: "journey-event";
      readonly event: JourneyEvent;
      /** When Alloy sent this attempt, by the envelope's `timestamp`, epoch milliseconds; null: unknown. */
      readonly sentAt: number | null;
      /** How many of its texts are absurdly long, and were cut. */
      readonly cutTexts: number;
    }
  /** Another family of Alloy's webhooks: reviews, evaluations, … */
  | { readonly kind: "other"; readonly webhook: UnsupportedWebhook }
  /** Nothing that Alloy's documentation knows, its test button included. */
  | { readonly kind: "unrecognised"; readonly webhook: UnsupportedWebhook }
  /** Nothing can be done with it, now or later. */
  | { readonly kind: "invalid"; readonly reason: string };

/**
 * Reads a webhook's body. Lenient, because Alloy's documentation is incomplete: only the application,
 * the Journey, the type and the time are required; everything else may be absent, null or new. By these
 * four a Journey event is known, whatever `type` stands in the envelope around it.
 *
 * @param body - JSON text: a webhook, or (from the poller and from a replay) its `data` alone.
 */
export function parseWebhook(body: string): ParsedWebhook {
  const parsed = readJson(body);
  if ("reason" in parsed) return { kind: "invalid", reason: `the body ${parsed.reason}` };
  return readWebhook(parsed.json);
}

/** `parseWebhook` of a body whose JSON is read already (`readJson`). */
export function readWebhook(json: unknown): ParsedWebhook {
  if (!isJsonObject(json)) return unrecognised(json, "the body is JSON, but not an object");

  const isBare = !("data" in json) && "journey_application_token" in json;
  const data = isBare ? json : objectIn(json, "data");
  const type = typeOf(json);
  const isOfJourneys = isBare || isJourneyFamily(type);
  if (!isOfJourneys && belongsToAnotherFamily(data)) return another(json);

  const environment = isBare ? null : environmentOf(type);
  const read = readJourneyEvent(data, environment);
  if ("event" in read) {
    return { kind: "journey-event", ...read, sentAt: isBare ? null : readTime(json["timestamp"]) };
  }
  const { missing } = read;
  const lacksOnlyTime = missing.length === 1 && missing[0] === "timestamp";
  if (!isOfJourneys && !lacksOnlyTime && type !== "") return another(json);
  const reason =
    isOfJourneys || lacksOnlyTime
      ? `the Journey event lacks or mistypes: ${missing.join(", ")}`
      : "the webhook has no type";
  return unrecognised(json, reason, hintIn(data, environment));
}

function another(json: JsonObject): ParsedWebhook {
  return { kind: "other", webhook: unsupported(json, "the webhook is of another family", null) };
}

function unrecognised(
  json: unknown,
  reason: string,
  hint: ApplicationHint | null = null,
): ParsedWebhook {
  return { kind: "unrecognised", webhook: unsupported(json, reason, hint) };
}

function unsupported(
  json: unknown,
  reason: string,
  hint: ApplicationHint | null,
): UnsupportedWebhook {
  const whole = typeOf(json);
  const type = cutTo(whole, EXTERNAL_INPUT.textBytes);
  return {
    eventId: contentIdOf(whole, contentOf(json)),
    type,
    at: isJsonObject(json) ? readTime(json["timestamp"]) : null,
    environment: environmentOf(whole),
    reason,
    hint,
    cutTexts: type === whole ? 0 : 1,
  };
}

function hintIn(data: JsonObject, environment: Environment | null): ApplicationHint | null {
  const applicationToken = readToken(data["journey_application_token"]);
  if (applicationToken === null) return null;
  return { applicationToken, journeyToken: readToken(data["journey_token"]), environment };
}

/** What a body says: its `data`, or the whole but for what each attempt of Alloy's stamps anew. */
function contentOf(json: unknown): unknown {
  if (!isJsonObject(json)) return json;
  if ("data" in json) return json["data"];
  const { request_token: _, timestamp: __, ...content } = json;
  return content;
}

/** The envelope's `type`; an empty text when there is none. */
function typeOf(json: unknown): string {
  const type = isJsonObject(json) ? json["type"] : null;
  return typeof type === "string" && readText(type) !== null ? type : "";
}
