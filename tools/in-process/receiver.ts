import { outcomeOf, statusOf } from "../../lambdas/domain/application/application-state.ts";
import { SUBMISSION_DETAIL_TYPE } from "../../lambdas/settings/routes.ts";
import type { StageConfiguration } from "../../lib/config/stage-configuration.ts";
import {
  habitsOf,
  ONBOARDING,
  publishedMessage,
  receivedSteps,
} from "../local/scenarios/receiver.ts";
import type { ReceivedApplication, Receiver } from "../local/scenarios/receiver.ts";
import type { MemoryCloud } from "../cloud-in-memory/cloud.ts";

/** The handlers in this process, as a receiver. */
export function makeMemoryReceiver(cloud: MemoryCloud, stage: StageConfiguration): Receiver {
  const { applications } = cloud;
  return {
    ...habitsOf(stage),
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
    async investigation(investigationToken) {
      const kept = cloud.investigations.investigations.get(investigationToken);
      return receivedSteps(kept?.reports ?? []);
    },
    async published() {
      return [...cloud.routes].flatMap(([route, queue]) =>
        queue.messages().map(({ messageId, body }) => publishedMessage({ messageId, route, body })),
      );
    },
    waiting: async () => cloud.events.messages().length,
    deadLettered: async () => cloud.deadLetters.messages().length,
  };
}
