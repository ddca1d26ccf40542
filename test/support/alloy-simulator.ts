import { makeAlloy } from "../../tools/alloy-simulator/alloy.ts";
import type {
  WebhookAnswer,
  WebhookOptions,
  WebhookRequest,
} from "../../tools/alloy-simulator/deliveries.ts";
import { readScenarios } from "../../tools/alloy-simulator/scenario.ts";
import type { Scenario } from "../../tools/alloy-simulator/scenario.ts";
import { Clock } from "../../tools/cloud-in-memory/clock.ts";
import { randomOf } from "../../tools/cloud-in-memory/random.ts";

/** A request that reached the endpoint. */
interface ReceivedWebhook {
  readonly at: number;
  readonly authorization: string | undefined;
  readonly body: string;
  readonly envelope: {
    readonly request_token: string;
    readonly timestamp: number;
    readonly type: string;
    readonly description: string;
    readonly data: Readonly<Record<string, unknown>> & {
      readonly type: string;
      readonly timestamp: number;
      readonly entity_token: string | null;
    };
  };
}

type Answer = (webhook: ReceivedWebhook, request: WebhookRequest) => Promise<WebhookAnswer>;

export type AlloyInTest = ReturnType<typeof anAlloy>;

/** Answers nothing, ever, but lets go when Alloy does. */
export const hang = () => Promise.withResolvers<WebhookAnswer>().promise;

export const respond = (status: number) => () => Promise.resolve({ status });

/** An Alloy with a virtual clock, and an endpoint that answers 200 unless it is told otherwise. */
export function anAlloy(options: Partial<WebhookOptions> = {}, answering: Answer = respond(200)) {
  const time = new Clock(1_760_000_000_000);
  const received: ReceivedWebhook[] = [];
  let answer = answering;
  const alloy = makeAlloy(
    {
      now: time.now,
      random: randomOf(1),
      schedule: time.schedule,
      deliver: (request) => {
        const webhook = {
          at: time.now(),
          authorization: request.headers["authorization"],
          body: request.body,
          envelope: JSON.parse(request.body),
        };
        received.push(webhook);
        return answer(webhook, request);
      },
    },
    { credential: { kind: "none" }, environment: "sandbox", ...options },
  );
  return {
    alloy,
    time,
    received,
    /** How the endpoint answers from now on. */
    answerWith: (wanted: Answer) => void (answer = wanted),
    /** Submits as many applications of one event as there shall be webhooks. */
    async raise(count: number) {
      for (let each = 0; each < count; each += 1) alloy.submit(aScenarioOfOneEvent());
      await time.advance(0);
    },
    /** Submits an application of this scenario. @returns its token. */
    submit: (scenario: string | Scenario) =>
      alloy.submit(typeof scenario === "string" ? theScenario(scenario) : scenario)
        .journey_application_token,
  };
}

const scenarios = readScenarios();

/** A scenario of the catalogue. */
export function theScenario(name: string): Scenario {
  const scenario = scenarios.get(name);
  if (scenario === undefined) throw new Error(`no scenario ${name}`);
  return scenario;
}

/** A scenario whose only event is `started_application`, so that a test has one webhook to look at. */
export function aScenarioOfOneEvent(): Scenario {
  return {
    ...theScenario("approved-at-once"),
    name: "one-event",
    steps: [{ afterSeconds: 0, event: "started_application", status: "running" }],
    expected: { status: "running", outcome: null, published: { progressed: 1 } },
  };
}
