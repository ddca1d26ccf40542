import * as v from "valibot";
import { eventIdOf } from "../../../lambdas/domain/event/identity.ts";
import { LocalFailure } from "../failure.ts";

/** What is read of Alloy's Get response (docs/alloy.md#get-journey-application). */
const GetResponse = v.object({
  status: v.string(),
  complete_outcome: v.nullable(v.string()),
  _embedded: v.object({
    events: v.array(
      v.object({
        type: v.string(),
        timestamp: v.number(),
        entity_application_token: v.nullish(v.string(), null),
        _embedded: v.nullish(
          v.object({ node: v.nullish(v.object({ id: v.nullish(v.string(), null) }), null) }),
          null,
        ),
      }),
    ),
  }),
});

/** The simulator is on this machine. */
const REQUEST_TIMEOUT_MS = 5_000;

/** An application as Alloy's API shows it to its client. */
export interface AlloyView {
  readonly status: string;
  readonly outcome: string | null;
  readonly events: readonly { readonly eventId: string; readonly type: string }[];
}

/** Asks Alloy's API for an application, as the poller does, and as somebody who checks the poller would. */
export async function askAlloy(
  alloy: {
    readonly baseUrl: string;
    readonly token: string;
    readonly secret: string;
  },
  {
    journeyToken,
    applicationToken,
  }: { readonly journeyToken: string; readonly applicationToken: string },
): Promise<AlloyView> {
  const url = `${alloy.baseUrl}/journeys/${journeyToken}/applications/${applicationToken}`;
  const key = Buffer.from(`${alloy.token}:${alloy.secret}`).toString("base64");
  const response = await fetch(url, {
    headers: { authorization: `Basic ${key}` },
    signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
  });
  const text = await response.text();
  if (!response.ok) {
    throw new LocalFailure(`Alloy answers ${response.status} for ${url}: ${text.slice(0, 200)}`);
  }
  const application = v.parse(GetResponse, JSON.parse(text));
  return {
    status: application.status,
    outcome: application.complete_outcome,
    events: application._embedded.events.map((event) => ({
      type: event.type,
      eventId: eventIdOf({
        applicationToken,
        type: event.type,
        at: event.timestamp,
        entityApplicationToken: event.entity_application_token,
        nodeId: event._embedded?.node?.id ?? null,
      }),
    })),
  };
}
