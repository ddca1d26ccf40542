import { objectIn } from "./external-json.ts";
import type { JsonObject } from "./external-json.ts";
import { FreeTexts, readFlag, readRequiredToken, readText, readToken } from "./external-text.ts";
import { eventIdOf } from "./identity.ts";
import type { Environment, JourneyEvent } from "./journey-event.ts";
import { readTime } from "./plausible-time.ts";

/** An event, and how many of its texts were cut. */
export interface ReadEvent {
  readonly event: JourneyEvent;
  readonly cutTexts: number;
}

/**
 * Reads a webhook's `data`, or an element of Alloy's event list.
 *
 * @returns what it lacks instead, in Alloy's names: one of the four fields without which there is no event.
 */
export function readJourneyEvent(
  data: JsonObject,
  environment: Environment | null,
): ReadEvent | { readonly missing: readonly string[] } {
  const { type: eventType } = data;
  const [applicationToken, journeyToken] = [
    readRequiredToken(data["journey_application_token"]),
    readRequiredToken(data["journey_token"]),
  ];
  const type = typeof eventType === "string" ? readText(eventType) : null;
  const at = readTime(data["timestamp"]);
  if (applicationToken === null || journeyToken === null || type === null || at === null) {
    const required = {
      journey_application_token: applicationToken,
      journey_token: journeyToken,
      type,
      timestamp: at,
    };
    const missing = Object.entries(required).filter(([, value]) => value === null);
    return { missing: missing.map(([name]) => name) };
  }

  const node = objectIn(objectIn(data, "_embedded"), "node");
  const entityApplicationToken = readToken(data["entity_application_token"]);
  // By the whole texts: two events must not become one because their texts were cut.
  const identity = {
    applicationToken,
    type,
    at,
    entityApplicationToken,
    nodeId: readText(node["id"]),
  };
  const texts = new FreeTexts();
  const event = {
    eventId: eventIdOf(identity),
    type: texts.text(type) ?? type,
    at,
    applicationToken,
    journeyToken,
    journeyName: texts.text(data["journey_name"]),
    environment,
    outcome: texts.text(data["outcome"]),
    entityToken: readToken(data["entity_token"]),
    entityApplicationToken,
    node: { id: texts.text(node["id"]), type: texts.text(node["type"]) },
    externalIds: {
      group: texts.id(data["external_group_id"]),
      entity: texts.id(data["external_entity_id"]),
      partner: texts.id(data["external_partner_id"]),
      application: texts.id(data["external_application_id"]),
    },
    eventToken: readToken(data["journey_application_event_token"]),
    rerunApplicationToken: readToken(data["rerun_journey_application_token"]),
    // Not documented for webhooks; Alloy's API has the one name in its schema, the other in its example.
    isShadow:
      readFlag(data["is_shadow_app"]) === true || readFlag(data["is_shadow_application"]) === true,
  };
  return { event, cutTexts: texts.cut };
}
