import {
  DELIVERY_GAP_DETAIL_TYPE,
  EVENT_SOURCE,
  INVESTIGATION_GAP_DETAIL_TYPE,
  ROUTE_IDS,
  ROUTE_TITLES,
  SUBMISSION_DETAIL_TYPE,
} from "../../lambdas/settings/routes.ts";
import { EVENT_SCHEMA_NAMES, jsonSchemaOf } from "./event-schemas.ts";
import type { EventSchemaName } from "./event-schemas.ts";

interface Message {
  readonly title: string;
  readonly detail: object;
  readonly source: object;
}

const ref = (name: EventSchemaName) => ({ $ref: `#/components/schemas/${name}` });
const OURS = { const: EVENT_SOURCE };

/** What the stack puts on the bus. */
const SENT: readonly Message[] = [
  ...ROUTE_IDS.map((route) => ({
    title: ROUTE_TITLES[route],
    detail: { allOf: [ref("event"), { type: "object", properties: { route: { const: route } } }] },
    source: OURS,
  })),
  { title: DELIVERY_GAP_DETAIL_TYPE, detail: ref("delivery-gap"), source: OURS },
  {
    title: INVESTIGATION_GAP_DETAIL_TYPE,
    detail: ref("investigation-delivery-gap"),
    source: OURS,
  },
];

/** What it takes from the bus. */
const RECEIVED: readonly Message[] = [
  {
    title: SUBMISSION_DETAIL_TYPE,
    detail: ref("submission"),
    source: { type: "string", not: OURS },
  },
];

/**
 * The AsyncAPI 3 document of the bus, from the stack's side: it sends the events and receives submissions. Its payloads are
 * EventBridge events, with the schemas of `events/schemas/`.
 */
export function asyncApi(): object {
  const messages = [...SENT, ...RECEIVED];
  return {
    asyncapi: "3.0.0",
    info: {
      title: "Alloy Journey webhooks",
      // Of the events: it grows by addition alone.
      version: "1",
      description: "What happened to Alloy's Journey Applications, by route. At least once.",
      license: { name: "Apache-2.0" },
    },
    defaultContentType: "application/json",
    channels: {
      bus: {
        // The name is the stack's output EventBusName.
        address: null,
        title: "The EventBridge bus of a stage",
        messages: Object.fromEntries(
          messages.map(({ title }) => [
            nameOf(title),
            { $ref: `#/components/messages/${nameOf(title)}` },
          ]),
        ),
      },
    },
    operations: {
      publish: operation("send", SENT),
      takeSubmission: operation("receive", RECEIVED),
    },
    components: {
      messages: Object.fromEntries(messages.map((one) => [nameOf(one.title), messageOf(one)])),
      schemas: Object.fromEntries(EVENT_SCHEMA_NAMES.map((name) => [name, partOf(name)])),
    },
  };
}

function operation(action: "send" | "receive", messages: readonly Message[]) {
  return {
    action,
    channel: { $ref: "#/channels/bus" },
    messages: messages.map(({ title }) => ({ $ref: `#/channels/bus/messages/${nameOf(title)}` })),
  };
}

function messageOf({ title, detail, source }: Message): object {
  return {
    name: nameOf(title),
    title,
    payload: {
      type: "object",
      required: ["id", "time", "source", "detail-type", "detail"],
      properties: {
        id: { type: "string", description: "Of the delivery: deduplicate by detail.eventId." },
        time: { type: "string", format: "date-time" },
        source,
        "detail-type": { const: title },
        detail,
        "replay-name": {
          type: "string",
          description:
            "Of an event that comes from an archive: the name of the replay. EventBridge gives the event a new id, and leaves detail.eventId as it is.",
        },
      },
    },
  };
}

/** The document itself says what kind of schema its parts are. */
function partOf(name: EventSchemaName): object {
  const { $schema: _, ...schema } = jsonSchemaOf(name);
  return schema;
}

function nameOf(title: string): string {
  return title.replaceAll(" ", "");
}
