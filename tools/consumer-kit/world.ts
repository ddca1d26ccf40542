import { makeConsumerHandler } from "../../lambdas/consumer/handler.ts";
import { encodeEnvelope } from "../../lambdas/domain/event/envelope.ts";
import type { Envelope } from "../../lambdas/domain/event/envelope.ts";
import { parseAlloyApplication } from "../../lambdas/domain/reconciliation/alloy-application.ts";
import { parseInvestigationPage } from "../../lambdas/domain/reconciliation/investigation-list.ts";
import { makePollerHandler } from "../../lambdas/poller/handler.ts";
import { EVENT_SOURCE, SUBMISSION_DETAIL_TYPE } from "../../lambdas/settings/routes.ts";
import { perRoute } from "../../lib/config/per-route.ts";
import { makeAlloy } from "../alloy-simulator/alloy.ts";
import type { Scenario } from "../alloy-simulator/scenario.ts";
import { makeTokens } from "../alloy-simulator/tokens.ts";
import { lambdaContext } from "../cloud-in-memory/builders.ts";
import { Clock, MINUTE, SECOND } from "../cloud-in-memory/clock.ts";
import { makeMemoryCloud } from "../cloud-in-memory/cloud.ts";
import { settleBatch, sqsEventOf } from "../cloud-in-memory/event-source.ts";
import { randomOf } from "../cloud-in-memory/random.ts";
import {
  CONSUMER_SETTINGS,
  consumerOver,
  POLLER_SETTINGS,
  pollerOver,
} from "../cloud-in-memory/runtime.ts";

/** An event as EventBridge delivers it to a target (EventBridge's guide, "Event structure"). */
export interface DeliveredEvent {
  readonly version: "0";
  readonly id: string;
  readonly "detail-type": string;
  readonly source: string;
  readonly account: string;
  readonly time: string;
  readonly region: string;
  readonly resources: readonly string[];
  readonly detail: Readonly<Record<string, unknown>>;
}

/** All that a stage may publish of a decision. */
const WHOLE_DECISION = {
  outcomeReasons: true,
  tags: true,
  outputAttributes: ["risk_score"],
  dashboardUrl: "https://app.example.com/journeys/{journeyToken}/applications/{applicationToken}",
};

/** When a world begins: a day on which nothing else happened. */
const BEGINNING = Date.UTC(2026, 0, 15, 9);

/**
 * A small world for stories: the simulated Alloy, the real consumer and the real poller over a cloud in memory, in virtual
 * time. What is on its bus is what the stack publishes, byte for byte. The same seed makes the same world.
 *
 * @param decides - whether the whole decision is published too.
 */
export function makeStoryWorld(seed: number, { decides = false } = {}) {
  const clock = new Clock(BEGINNING);
  const random = randomOf(seed);
  const tokens = makeTokens(random);
  const { now } = clock;
  const cloud = makeMemoryCloud({ now, newId: tokens.uuid });
  const events: DeliveredEvent[] = [];
  cloud.bus.addRule({
    matches: ({ source }) => source === EVENT_SOURCE,
    deliver: ({ id, time, source, detailType, detailText }) =>
      void events.push({
        version: "0",
        id,
        "detail-type": detailType,
        source,
        account: "123456789012",
        time,
        region: "us-east-1",
        resources: [],
        detail: JSON.parse(detailText),
      }),
  });
  const consume = makeConsumerHandler(
    consumerOver({
      cloud,
      now,
      settings: {
        ...CONSUMER_SETTINGS,
        investigations: true,
        decides,
        routes: perRoute(() => ({ publish: true, publishLate: true })),
      },
    }),
  );
  const alloy = makeAlloy(
    {
      now,
      random,
      schedule: clock.schedule,
      async deliver({ body }) {
        send({ kind: "webhook", body });
        return { status: 200 };
      },
    },
    { credential: { kind: "none" }, environment: "sandbox" },
  );
  /** What Alloy's answer has otherwise than its events. */
  const answered = new Map<string, Readonly<Record<string, unknown>>>();
  const poll = makePollerHandler(
    pollerOver({
      cloud,
      now,
      settings: {
        ...POLLER_SETTINGS,
        investigations: true,
        decision: decides ? WHOLE_DECISION : null,
      },
      alloy: {
        getApplication: async (asked) => {
          const known = alloy.application(asked.applicationToken);
          if (known === undefined) return { kind: "unknown", status: 404, minorCode: 4041 };
          const answer = { ...known, ...answered.get(asked.applicationToken) };
          const parsed = parseAlloyApplication(JSON.stringify(answer), asked);
          if ("reason" in parsed) throw new Error(parsed.reason);
          return { kind: "application", application: parsed.application };
        },
        listInvestigations: async (page) => {
          const query = new URLSearchParams({ pageNum: String(page), "q[includeClosed]": "true" });
          const parsed = parseInvestigationPage(
            JSON.stringify(alloy.investigations.list(query)),
            page,
          );
          if (parsed === null) throw new Error("The simulated list of Investigations is none.");
          return { kind: "investigations", page: parsed };
        },
        renewCredentials() {},
      },
    }),
  );

  /** What brings a body into the event queue. */
  function send(envelope: Pick<Envelope, "kind" | "body" | "force">): void {
    const receipt = { receiptId: tokens.uuid(), receivedAt: now() };
    const rest = { payloadKey: null, sourceIp: null };
    cloud.events.send(encodeEnvelope({ v: 1, ...receipt, ...rest, ...envelope }));
  }

  async function drain(): Promise<void> {
    const messages = cloud.events.receive();
    if (messages.length === 0) return;
    settleBatch(cloud.events, messages, await consume(sqsEventOf(messages), lambdaContext()));
    await drain();
  }

  return {
    /** All that came to the bus, in order. */
    events,
    alloy,
    /** An application goes through the scenario. @returns its token. */
    start: (scenario: Scenario): string => {
      const { journey_application_token: token, ...created } = alloy.start(scenario);
      cloud.bus.put("onboarding.example", SUBMISSION_DETAIL_TYPE, {
        ...created,
        journey_application_token: token,
      });
      return token;
    },
    send,
    /** Alloy answers so of the application from now on; without the field, as its events say. */
    answer: (token: string, fields: Readonly<Record<string, unknown>>) =>
      void answered.set(token, fields),
    /** Lets so many minutes go by. The consumer works after each second, the poller each 5 minutes. */
    async pass(minutes: number): Promise<void> {
      for (let minute = 0; minute < minutes; minute += 1) {
        for (let second = 0; second < MINUTE / SECOND; second += 1) {
          await clock.advance(SECOND);
          await clock.during(drain);
        }
        if ((now() - BEGINNING) % POLLER_SETTINGS.polling.rateMs >= MINUTE) continue;
        await clock.during(() => poll({}));
        await clock.during(drain);
      }
    },
  };
}
