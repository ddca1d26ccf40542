import * as v from "valibot";

import type { RerunChain } from "./application-state.ts";
import { APPLICATION_STATUSES } from "./event-types.ts";
import type { ApplicationStatus } from "./event-types.ts";
import { parseWebhook } from "./journey-event.ts";
import type { Environment, JourneyEvent } from "./journey-event.ts";
import type { Snapshot } from "./observation.ts";

/** An event of Alloy's list, and the webhook that would have told of it. */
export interface AlloyEvent {
  readonly event: JourneyEvent;
  /** JSON text, for the body of a `poll` envelope. */
  readonly webhook: string;
}

/** A rerun that Alloy names on the application it was started from. */
export interface AlloyRerun {
  readonly applicationToken: string;
  /** Epoch milliseconds; null when Alloy does not say. */
  readonly createdAt: number | null;
}

/** The answer to Get Journey Application (facts 7.5), as far as we use it. */
export interface AlloyApplication {
  readonly applicationToken: string;
  /** Null when its status is none that we know: then its events alone say what happened. */
  readonly snapshot: Snapshot | null;
  /** `_embedded.events[]` of this application, in Alloy's order. */
  readonly events: readonly AlloyEvent[];
  /** `_embedded.reruns[]`, oldest first. */
  readonly reruns: readonly AlloyRerun[];
  /** Elements of the event list that name no type or no time. */
  readonly unreadableEvents: number;
}

const text = v.fallback(
  v.nullish(v.union([v.pipe(v.string(), v.nonEmpty()), v.pipe(v.number(), v.transform(String))])),
  null,
);
const flag = v.fallback(v.nullish(v.boolean()), null);
/** Epoch milliseconds; `archived_at` and `created` are text in some of Alloy's examples. */
const time = v.fallback(
  v.nullish(
    v.union([
      v.pipe(v.number(), v.integer()),
      v.pipe(
        v.string(),
        v.transform((iso) => Date.parse(iso)),
        v.integer(),
      ),
    ]),
  ),
  null,
);

const list = v.fallback(v.nullish(v.array(v.unknown())), []);

const EmbeddedSchema = v.object({
  events: list,
  journey: v.fallback(v.nullish(v.object({ journey_token: text, journey_name: text })), null),
  rerun: v.fallback(
    v.nullish(
      v.object({ previous_journey_application_token: text, root_journey_application_token: text }),
    ),
    null,
  ),
  reruns: list,
});

const ResponseSchema = v.object({
  journey_application_token: v.pipe(v.string(), v.nonEmpty()),
  status: v.pipe(v.string(), v.nonEmpty()),
  sandbox: flag,
  updated_at: time,
  created_at: time,
  complete_outcome: text,
  is_shadow_app: flag,
  // The specification's schema has the one name, its example the other.
  is_shadow_application: flag,
  external_group_id: text,
  external_partner_id: text,
  external_application_id: text,
  _embedded: v.fallback(v.nullish(EmbeddedSchema), null),
});

const RerunSchema = v.object({
  next_journey_application_token: v.pipe(v.string(), v.nonEmpty()),
  created_at: time,
});

const ElementSchema = v.looseObject({});

/**
 * Reads the body of a Get Journey Application answer. Lenient, as for webhooks: Alloy's specification
 * requires nothing, and what we do not need may be absent, null or new.
 *
 * @param asked - the tokens that were asked for; they fill in where the answer does not repeat them.
 * @returns the reason instead, when the body is no application, or another one than was asked for.
 */
export function parseAlloyApplication(
  body: string,
  asked: { readonly applicationToken: string; readonly journeyToken: string },
): { readonly application: AlloyApplication } | { readonly reason: string } {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    // The parser's own message would quote the body, which may hold personal data.
    return { reason: `the answer is not JSON (${body.length} characters)` };
  }
  const parsed = v.safeParse(ResponseSchema, json);
  if (!parsed.success) {
    const where = parsed.issues.map((issue) => v.getDotPath(issue) ?? "the whole").join(", ");
    return { reason: `the answer is no Journey Application: wrong at ${where}` };
  }
  const { output } = parsed;
  const { applicationToken } = asked;
  if (output.journey_application_token !== applicationToken) {
    return { reason: "the answer is about another application than the one asked for" };
  }

  const environment = environmentOf(output.sandbox);
  const isShadow = output.is_shadow_app === true || output.is_shadow_application === true;
  const journey = output._embedded?.journey;
  const read = readEvents(output._embedded?.events ?? [], {
    applicationToken,
    journeyToken: journey?.journey_token ?? asked.journeyToken,
    journeyName: journey?.journey_name ?? null,
    environment,
    isShadow,
  });
  const reruns = readReruns(output._embedded?.reruns ?? []);
  const status = statusFrom(output.status);
  const times = read.events.map(({ event }) => event.at);
  return {
    application: {
      applicationToken,
      ...read,
      reruns,
      snapshot:
        status === null
          ? null
          : {
              applicationToken,
              journeyToken: journey?.journey_token ?? asked.journeyToken,
              status,
              outcome: status === "completed" ? (output.complete_outcome ?? null) : null,
              // Nothing says that `updated_at` moves with every event, and Alloy's word about the
              // whole is never older than the events it is given with.
              at: Math.max(output.updated_at ?? output.created_at ?? 0, ...times),
              environment,
              externalIds: {
                group: output.external_group_id ?? null,
                partner: output.external_partner_id ?? null,
                application: output.external_application_id ?? null,
              },
              chain: chainOf(output._embedded?.rerun ?? null, reruns),
              isShadow,
            },
    },
  };
}

interface Context {
  readonly applicationToken: string;
  readonly journeyToken: string;
  readonly journeyName: string | null;
  readonly environment: Environment | null;
  readonly isShadow: boolean;
}

function readEvents(elements: readonly unknown[], context: Context) {
  const events: AlloyEvent[] = [];
  let unreadableEvents = 0;
  for (const element of elements) {
    const webhook = webhookOf(element, context);
    const parsed = webhook === null ? null : parseWebhook(webhook);
    if (webhook === null || parsed?.kind !== "journey-event") unreadableEvents += 1;
    // An event of another application is that one's, and is looked for there.
    else if (parsed.event.applicationToken === context.applicationToken) {
      events.push({ event: parsed.event, webhook });
    }
  }
  return { events, unreadableEvents };
}

/** The element in the frame of a webhook, with what the answer says once for all its events. */
function webhookOf(element: unknown, context: Context): string | null {
  const parsed = v.safeParse(ElementSchema, element);
  if (!parsed.success) return null;
  const { applicationToken, journeyToken, journeyName, environment, isShadow } = context;
  const { output } = parsed;
  return JSON.stringify({
    type: `update:journeyapplications${environment === null ? "" : `:${environment}`}`,
    data: {
      ...output,
      journey_application_token: output["journey_application_token"] ?? applicationToken,
      journey_token: output["journey_token"] ?? journeyToken,
      journey_name: output["journey_name"] ?? journeyName,
      // Before anything else has told of it: an event of a shadow application must have no effect.
      ...(isShadow && { is_shadow_app: true }),
    },
  });
}

function readReruns(elements: readonly unknown[]): readonly AlloyRerun[] {
  return elements
    .flatMap((element) => {
      const parsed = v.safeParse(RerunSchema, element);
      if (!parsed.success) return [];
      const { next_journey_application_token: applicationToken, created_at } = parsed.output;
      return [{ applicationToken, createdAt: created_at ?? null }];
    })
    .toSorted((one, other) => (one.createdAt ?? 0) - (other.createdAt ?? 0));
}

function chainOf(
  rerun: {
    readonly previous_journey_application_token?: string | null | undefined;
    readonly root_journey_application_token?: string | null | undefined;
  } | null,
  reruns: readonly AlloyRerun[],
): RerunChain {
  return {
    previous: rerun?.previous_journey_application_token ?? null,
    root: rerun?.root_journey_application_token ?? null,
    // The first is the direct one: Alloy names later reruns of the chain on its root too.
    next: reruns[0]?.applicationToken ?? null,
  };
}

function environmentOf(sandbox: boolean | null | undefined): Environment | null {
  if (sandbox === true) return "sandbox";
  return sandbox === false ? "live" : null;
}

function statusFrom(value: string): ApplicationStatus | null {
  // The event is called so, and Alloy's pages use its name for the status as well.
  const name = value === "data_request_evaluation" ? "data_request" : value;
  return APPLICATION_STATUSES.find((status) => status === name) ?? null;
}
