import type { RouteId } from "../../settings/routes.ts";
import { isJsonObject, listIn, objectIn, readJson } from "./external-json.ts";
import type { JsonObject } from "./external-json.ts";
import { FreeTexts, readFlag, readRequiredToken, readText, readToken } from "./external-text.ts";
import { eventIdOf } from "./identity.ts";
import type { Environment } from "./journey-event.ts";
import { readTime } from "./plausible-time.ts";
import { environmentOf } from "./webhook-family.ts";

/** One step of an Investigation, parsed once (docs/decisions/0037). */
export interface InvestigationEvent {
  readonly eventId: string;
  readonly investigationToken: string;
  /** One of `INVESTIGATION_STATUSES`, or what else Alloy says, as it says it. */
  readonly status: string;
  /** `status_changed_at`, epoch milliseconds. */
  readonly at: number;
  /** Alloy's list does not say when it was; it was at this time at the latest. */
  readonly isTimeLatest: boolean;
  readonly environment: Environment | null;
  /** `Fraud`, …: what an account calls its kinds of Investigations; Alloy's list alone says it. */
  readonly type: string | null;
  /** Of a closed one; Alloy's list alone says it. */
  readonly outcome: string | null;
  readonly alertTokens: readonly string[];
  readonly entityTokens: readonly string[];
}

/** What Alloy's webhooks say of an Investigation (docs: investigations-events). */
export const INVESTIGATION_STATUSES = ["created", "promoted_to_case", "closed"] as const;

/** Where a step goes: the three that Alloy documents have a route each. */
export function routeOfInvestigation({ status }: Pick<InvestigationEvent, "status">): RouteId {
  switch (INVESTIGATION_STATUSES.find((known) => known === status)) {
    case "created":
      return "investigation-created";
    case "promoted_to_case":
      return "investigation-promoted";
    case "closed":
      return "investigation-closed";
    case undefined:
      return "unrecognised";
  }
}

/** Tokens that are kept and published of one step; no Investigation is known to have half as many. */
const MOST_TOKENS = 50;

/**
 * Reads a webhook of the family `investigationevents`. By its token, its status and its time one is known, however its
 * `type` is spelled; what is about alerts or notes of an Investigation is of another family.
 *
 * @returns null for anything else.
 */
export function parseInvestigationEvent(body: string): {
  readonly event: InvestigationEvent;
  /** When Alloy sent this attempt, epoch milliseconds; null: unknown. */
  readonly sentAt: number | null;
  /** How many of its texts were cut. */
  readonly cutTexts: number;
} | null {
  const read = readJson(body);
  if ("reason" in read || !isJsonObject(read.json)) return null;
  const { json } = read;
  const type = typeof json["type"] === "string" ? json["type"] : "";
  if (!isInvestigationFamily(type)) return null;
  const data = objectIn(json, "data");
  const texts = new FreeTexts();
  const investigationToken = readRequiredToken(data["investigation_token"]);
  const said = typeof data["status"] === "string" ? texts.text(data["status"]) : null;
  const at = readTime(data["status_changed_at"]);
  if (investigationToken === null || said === null || at === null) return null;
  const status = wordOf(said);
  return {
    event: {
      eventId: investigationEventIdOf({ investigationToken, status, at }),
      investigationToken,
      status,
      at,
      isTimeLatest: readFlag(data["is_time_latest"]) === true,
      environment: environmentOf(type),
      type: texts.text(data["investigation_type"]),
      outcome: texts.text(data["outcome"]),
      alertTokens: tokensIn(data, "alert_tokens"),
      entityTokens: tokensIn(data, "entity_tokens"),
    },
    sentAt: readTime(json["timestamp"]),
    cutTexts: texts.cut,
  };
}

/** The id of a step: as that of a Journey event, by what the webhook and Alloy's list both say. */
export function investigationEventIdOf({
  investigationToken,
  status,
  at,
}: Pick<InvestigationEvent, "investigationToken" | "status" | "at">): string {
  return eventIdOf({
    applicationToken: investigationToken,
    type: status,
    at,
    entityApplicationToken: null,
    nodeId: null,
  });
}

/** The step in the frame of the webhook that would have reported it: the body of a `poll` envelope. */
export function investigationWebhook(event: Omit<InvestigationEvent, "eventId">): string {
  const { investigationToken, status, at, isTimeLatest, type, outcome } = event;
  return JSON.stringify({
    type: `${status === "created" ? "create" : "update"}:investigationevents`,
    data: {
      investigation_token: investigationToken,
      status,
      status_changed_at: at,
      is_time_latest: isTimeLatest,
      investigation_type: type,
      outcome,
      alert_tokens: event.alertTokens,
      entity_tokens: event.entityTokens,
    },
  });
}

/** A status in any case of letters, and however its words are set apart. */
export function wordOf(status: string): string {
  return status
    .trim()
    .toLowerCase()
    .replaceAll(/[\s-]+/g, "_");
}

/** Without a `type`, the shape of the data alone says it. */
function isInvestigationFamily(type: string): boolean {
  const letters = type.toLowerCase().replaceAll(/[^a-z]/g, "");
  return (
    readText(type) === null || /^(?:create|update)?investigations?(?!alert|note)/.test(letters)
  );
}

function tokensIn(data: JsonObject, name: string): readonly string[] {
  return listIn(data, name)
    .flatMap((one) => readToken(one) ?? [])
    .slice(0, MOST_TOKENS);
}
