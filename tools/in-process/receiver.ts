import * as v from "valibot";
import { outcomeOf, statusOf } from "../../lambdas/domain/application/application-state.ts";
import { ROUTE_IDS, SUBMISSION_DETAIL_TYPE } from "../../lambdas/settings/routes.ts";
import type { StageConfiguration } from "../../lib/config/stage-configuration.ts";
import { ONBOARDING } from "../local/scenarios/receiver.ts";
import type { ReceivedApplication, Receiver } from "../local/scenarios/receiver.ts";
import type { MemoryCloud } from "../cloud-in-memory/cloud.ts";

/** A message in a route's queue, as far as it is read here. */
const Published = v.object({
  detail: v.object({
    eventId: v.string(),
    applicationToken: v.nullable(v.string()),
    investigation: v.optional(v.object({ token: v.string() })),
  }),
});

/** The handlers in this process, as a receiver. */
export function makeMemoryReceiver(cloud: MemoryCloud, stage: StageConfiguration): Receiver {
  const { applications } = cloud;
  return {
    ignoredEventTypes: stage.events.handled.allBut,
    routesPublishingLate: new Set(ROUTE_IDS.filter((route) => stage.routes[route].publishLate)),
    async announceSubmission(detail) {
      cloud.bus.put(ONBOARDING, SUBMISSION_DETAIL_TYPE, detail);
    },
    async application(applicationToken): Promise<ReceivedApplication | null> {
      const kept = applications.applications.get(applicationToken);
      const isIts = (one: { readonly applicationToken: string | null }) =>
        one.applicationToken === applicationToken;
      const events = [...applications.events.values()].filter(isIts);
      if (kept === undefined && events.length === 0) return null;
      return {
        status: kept === undefined ? null : statusOf(kept.state),
        outcome: kept === undefined ? null : outcomeOf(kept.state),
        events,
        failures: [...applications.failures.values()].filter(isIts).length,
      };
    },
    async published() {
      return [...cloud.routes].flatMap(([route, queue]) =>
        queue.messages().map(({ messageId, body }) => {
          const { detail } = v.parse(Published, JSON.parse(body));
          const { investigation, ...event } = detail;
          const investigationToken = investigation?.token ?? null;
          return { messageId, route, body, ...event, investigationToken };
        }),
      );
    },
    waiting: async () => cloud.events.messages().length,
    deadLettered: async () => cloud.deadLetters.messages().length,
  };
}
