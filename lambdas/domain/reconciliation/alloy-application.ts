import { EXTERNAL_INPUT } from "../../settings/limits.ts";
import type { RerunChain } from "../application/application-state.ts";
import { entityIdsOf } from "../application/entity-ids.ts";
import type { EntityIds } from "../application/entity-ids.ts";
import { environmentOfFlag } from "../event/environment.ts";
import { APPLICATION_STATUSES, isFinal } from "../event/event-types.ts";
import type { ApplicationStatus } from "../event/event-types.ts";
import { isJsonObject, listIn, objectIn, readJson } from "../event/external-json.ts";
import type { JsonObject } from "../event/external-json.ts";
import { cutTo, FreeTexts, readFlag, readText, readToken } from "../event/external-text.ts";
import { readWebhook } from "../event/parse-webhook.ts";
import type { JourneyEvent } from "../event/journey-event.ts";
import type { Snapshot } from "../application/observation.ts";
import { EARLIEST_MS, readTime } from "../event/plausible-time.ts";

/** An event of Alloy's list, and the webhook that would have reported it. */
export interface AlloyEvent {
  readonly event: JourneyEvent;
  /** As JSON it is the body of a `poll` envelope. */
  readonly webhook: JsonObject;
}

/** A rerun that Alloy names on the application it was started from. */
export interface AlloyRerun {
  readonly applicationToken: string;
  /** Epoch milliseconds; null when Alloy does not say. */
  readonly createdAt: number | null;
  /** Who started it, as Alloy says it; null when Alloy does not. */
  readonly initiatedBy: string | null;
}

/** The answer to Get Journey Application (docs/alloy.md#get-journey-application), as far as we use it. */
export interface AlloyApplication {
  readonly applicationToken: string;
  /** Null when nothing is to be taken over; its status is null when it is none that we know. */
  readonly snapshot: Snapshot | null;
  /** The status as it stood, when it is none that we know; null when we know it. */
  readonly unrecognisedStatus: string | null;
  /** `_embedded.events[]` of this application, in Alloy's order. */
  readonly events: readonly AlloyEvent[];
  /** `_embedded.reruns[]`, oldest first. */
  readonly reruns: readonly AlloyRerun[];
  /** The body itself, of an application that has ended: what its decision names is configured. Null of any other. */
  readonly ended: JsonObject | null;
  /** Elements of the event list that name no type or no time. */
  readonly unreadableEvents: number;
}

/** What was asked for; it fills in where the answer does not repeat it. */
interface Asked {
  readonly applicationToken: string;
  readonly journeyToken: string;
}

/** What stands for a status that an answer does not name. */
const NO_STATUS = "(none)";

/**
 * Reads the body of a Get Journey Application answer. Lenient, as for webhooks: Alloy's specification
 * requires nothing, and what we do not need may be absent, null or new.
 *
 * @returns the reason instead, without a value of the answer's, when the body is no application, or
 * another one than was asked for.
 */
export function parseAlloyApplication(
  body: string,
  asked: Asked,
): { readonly application: AlloyApplication } | { readonly reason: string } {
  const read = readJson(body);
  if ("reason" in read) return { reason: `the answer ${read.reason}` };
  const { json } = read;
  const answered = isJsonObject(json) ? readText(json["journey_application_token"]) : null;
  if (!isJsonObject(json) || answered === null) {
    return { reason: "the answer is no Journey Application: wrong at journey_application_token" };
  }
  if (answered !== asked.applicationToken) {
    return { reason: "the answer is about another application than the one asked for" };
  }

  const embedded = objectIn(json, "_embedded");
  const journey = objectIn(embedded, "journey");
  const context = {
    applicationToken: asked.applicationToken,
    journeyToken: readToken(journey["journey_token"]) ?? asked.journeyToken,
    journeyName: readText(journey["journey_name"]),
    environment: environmentOfFlag(json["sandbox"]),
    isShadow: isShadow(json),
  };
  const { events, unreadableEvents } = readEvents(listIn(embedded, "events"), context);
  const reruns = readReruns(listIn(embedded, "reruns"));
  const said = readText(json["status"]) ?? NO_STATUS;
  const status = statusFrom(said);
  const snapshot = {
    applicationToken: context.applicationToken,
    journeyToken: context.journeyToken,
    status,
    ...factsIn(json, status),
    at: timeOf(json, events),
    environment: context.environment,
    ...entityIdsIn(embedded),
    chain: chainOf(objectIn(embedded, "rerun"), reruns),
    isShadow: context.isShadow,
  };
  return {
    application: {
      applicationToken: context.applicationToken,
      snapshot,
      unrecognisedStatus: status === null ? cutTo(said, EXTERNAL_INPUT.textBytes) : null,
      events,
      reruns,
      ended: status !== null && isFinal(status) ? json : null,
      unreadableEvents,
    },
  };
}

type Context = Pick<Snapshot, "applicationToken" | "environment" | "isShadow"> & {
  readonly journeyToken: string;
  readonly journeyName: string | null;
};

function factsIn(json: JsonObject, status: ApplicationStatus | null) {
  const texts = new FreeTexts();
  return {
    outcome: status === "completed" ? texts.text(json["complete_outcome"]) : null,
    externalIds: {
      group: texts.id(json["external_group_id"]),
      partner: texts.id(json["external_partner_id"]),
      application: texts.id(json["external_application_id"]),
    },
  };
}

/**
 * Nothing says that `updated_at` moves with every event, and Alloy's word about the whole is never older
 * than the events it is given with. An answer without any time is older than everything else.
 */
function timeOf(json: JsonObject, events: readonly AlloyEvent[]): number {
  const said = readTime(json["updated_at"]) ?? readTime(json["created_at"]) ?? EARLIEST_MS;
  return events.reduce((latest, { event }) => Math.max(latest, event.at), said);
}

function readEvents(elements: readonly unknown[], context: Context) {
  const events: AlloyEvent[] = [];
  let unreadableEvents = 0;
  for (const element of elements) {
    const webhook = isJsonObject(element) ? webhookOf(element, context) : null;
    const parsed = webhook === null ? null : readWebhook(webhook);
    if (webhook === null || parsed?.kind !== "journey-event") unreadableEvents += 1;
    // An event of another application is that one's, and is looked for there.
    else if (parsed.event.applicationToken === context.applicationToken) {
      events.push({ event: parsed.event, webhook });
    }
  }
  return { events, unreadableEvents };
}

/** The element in the frame of a webhook, with what the answer says once for all its events. */
function webhookOf(element: JsonObject, context: Context): JsonObject {
  const { environment, isShadow: isOfShadow } = context;
  const own = (name: string, otherwise: string | null) =>
    readText(element[name]) === null ? otherwise : element[name];
  return {
    type: `update:journeyapplications${environment === null ? "" : `:${environment}`}`,
    data: {
      ...element,
      journey_application_token: own("journey_application_token", context.applicationToken),
      journey_token: own("journey_token", context.journeyToken),
      journey_name: own("journey_name", context.journeyName),
      // Before any other report: an event of a shadow application must have no effect.
      ...(isOfShadow && { is_shadow_app: true }),
    },
  };
}

function readReruns(elements: readonly unknown[]): readonly AlloyRerun[] {
  return elements
    .flatMap((element) => {
      if (!isJsonObject(element)) return [];
      const applicationToken = readToken(element["next_journey_application_token"]);
      if (applicationToken === null) return [];
      const createdAt = readTime(element["created_at"]);
      return [{ applicationToken, createdAt, initiatedBy: initiatedByIn(element) }];
    })
    .toSorted((one, other) => (one.createdAt ?? 0) - (other.createdAt ?? 0));
}

function chainOf(rerun: JsonObject, reruns: readonly AlloyRerun[]): RerunChain {
  const rootGroup = new FreeTexts().id(rerun["root_external_group_id"]);
  return {
    previous: readToken(rerun["previous_journey_application_token"]),
    root: readToken(rerun["root_journey_application_token"]),
    // The first is the direct one: Alloy names later reruns of the chain on its root too.
    next: reruns[0]?.applicationToken ?? null,
    rerunBy: initiatedByIn(rerun),
    ...(rootGroup !== null && { rootGroup }),
  };
}

/** Of an answer to Get or to Create. The two lists of its entities name each of them differently. */
export function entityIdsIn(embedded: JsonObject): { readonly entityIds?: EntityIds } {
  const texts = new FreeTexts();
  const tokens = ["child_entities", "entity_applications"].flatMap((list) =>
    listIn(embedded, list)
      .filter(isJsonObject)
      .map((entity) => ({
        token: readToken(entity["token"] ?? entity["entity_token"]),
        externalId: texts.id(entity["external_entity_identifier"]),
      })),
  );
  const entityIds = entityIdsOf(tokens);
  return Object.keys(entityIds).length === 0 ? {} : { entityIds };
}

function initiatedByIn(rerun: JsonObject): string | null {
  return new FreeTexts().text(rerun["initiated_by"]);
}

/** The specification's schema has the one name, its example the other. */
function isShadow(json: JsonObject): boolean {
  return (
    readFlag(json["is_shadow_app"]) === true || readFlag(json["is_shadow_application"]) === true
  );
}

/** The status that a text names, in any case of letters. */
function statusFrom(text: string): ApplicationStatus | null {
  const word = text
    .trim()
    .toLowerCase()
    .replaceAll(/[\s-]+/g, "_");
  // The event is called so, and Alloy's pages use its name for the status as well.
  const name = word === "data_request_evaluation" ? "data_request" : word;
  return APPLICATION_STATUSES.find((status) => status === name) ?? null;
}
