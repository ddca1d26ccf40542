import * as v from "valibot";

import { APPLICATION_STATUSES } from "../../lambdas/domain/event/event-types.ts";
import type { PublishedEvent } from "../../lambdas/domain/routing/published-event.ts";
import { ROUTE_IDS } from "../../lambdas/settings/routes.ts";
import { about, eventType, externalId, instant, text, wholeText } from "./schema-parts.ts";

/** The `Detail` of an event on the bus, for whoever reads it; the compiler holds it to the type. */
export const PublishedEventSchema = v.strictObject({
  version: v.literal(1),
  eventId: about(
    "The same in every report of the event: deduplicate by it.",
    v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/)),
  ),
  route: v.picklist(ROUTE_IDS),
  environment: v.picklist(["sandbox", "live"]),
  applicationToken: about("Null for a body that is no Journey event.", text),
  journeyToken: text,
  journeyName: text,
  eventType: about(
    "Alloy's data.type; the type of another family of webhooks; `snapshot` for what Alloy's answer alone says.",
    eventType,
  ),
  eventAt: about("When it happened at Alloy.", v.nullable(instant)),
  status: about(
    "The application's, after this event.",
    v.nullable(v.picklist(APPLICATION_STATUSES)),
  ),
  outcome: about("The application's: only a completed one has an outcome.", text),
  entityToken: text,
  entityApplicationToken: text,
  node: v.strictObject({ id: text, type: text }),
  externalIds: v.strictObject({
    group: externalId,
    entity: externalId,
    partner: externalId,
    application: externalId,
  }),
  origin: about("What brought the event.", v.picklist(["webhook", "poll", "submission", "replay"])),
  receivedAt: instant,
  late: about("It came after a newer event had moved the state.", v.boolean()),
  investigation: about(
    "On the routes of Investigations, and `unrecognised` for a step of one, alone.",
    v.exactOptional(
      v.strictObject({
        token: wholeText,
        status: about("As Alloy says it: `created`, `promoted_to_case`, `closed`.", eventType),
        type: text,
        outcome: text,
        alertTokens: v.array(wholeText),
        entityTokens: v.array(wholeText),
      }),
    ),
  ),
}) satisfies v.GenericSchema<PublishedEvent>;
