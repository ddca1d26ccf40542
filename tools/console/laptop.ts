import * as v from "valibot";

import type { AlloySimulator } from "../alloy-simulator/server.ts";
import type { ApplicationResponse } from "../alloy-simulator/application-response.ts";
import { WEBHOOK_FAULTS } from "../alloy-simulator/webhook-faults.ts";
import { COMPOSABLE_STEPS, ComposedSchema, scenarioOf } from "./compose.ts";
import type { AlloySide } from "./source.ts";
import type { Composable, FaultView, LaptopView } from "./view.ts";

/** What can be tried at a stack of `npm start`, whose Alloy is a simulated one. */
export interface Laptop {
  view(): LaptopView;
  composable(): Composable;
  /** By path; each takes a body, and answers what it did. */
  readonly writes: Readonly<Record<string, (body: unknown) => Promise<unknown>>>;
}

interface Switch extends Omit<FaultView, "isOn"> {
  isOn(): boolean;
  set(isOn: boolean): void;
}

const DELIVERY_FAULTS: Readonly<
  Record<(typeof WEBHOOK_FAULTS)[number], Pick<FaultView, "title" | "explains">>
> = {
  outage: {
    title: "Endpoint outage",
    explains: "No webhook reaches the endpoint. Alloy retries, and after 100 failures disables it.",
  },
  slow: {
    title: "Slow endpoint",
    explains:
      "Each webhook is stored, but the answer comes after Alloy's limit: Alloy sends again.",
  },
  duplicates: { title: "Duplicates", explains: "Each webhook comes three times." },
  reordering: { title: "Reordering", explains: "Webhooks come in reverse, 1.5 s at a time." },
  "wrong-secret": {
    title: "Wrong secret",
    explains: "Alloy sends another credential: ingest answers 401, and stores nothing.",
  },
};

/** What the laptop side of the console needs. */
export interface LaptopOptions {
  readonly simulator: AlloySimulator;
  /** Does what the onboarding service does. */
  readonly announceSubmission: (created: ApplicationResponse) => Promise<void>;
  /** Has DynamoDB refuse the consumer's writes; null: it cannot be done in this stack. */
  readonly throttleTable: ((isThrottled: boolean) => void) | null;
}

export function makeLaptop({
  simulator,
  announceSubmission: onSubmitted,
  throttleTable,
}: LaptopOptions): Laptop {
  const switches = switchesOf(simulator, throttleTable);
  const view = (): LaptopView => ({
    faults: switches.map((fault) => ({
      id: fault.id,
      title: fault.title,
      explains: fault.explains,
      isOn: fault.isOn(),
    })),
    failuresInARow: simulator.failuresInARow(),
  });
  return {
    view,
    composable: () => ({
      scenarios: simulator.scenarios.map(({ name, title, story }) => ({ name, title, story })),
      steps: COMPOSABLE_STEPS,
    }),
    writes: {
      "/api/play": async (body) => {
        const { scenario } = v.parse(v.strictObject({ scenario: v.string() }), body);
        const found = simulator.scenarios.find(({ name }) => name === scenario);
        return found === undefined ? { done: `There is no scenario ${scenario}.` } : start(found);
      },
      "/api/compose": async (body) => start(scenarioOf(v.parse(ComposedSchema, body))),
      "/api/fault": async (body) => {
        const { id, isOn } = v.parse(v.strictObject({ id: v.string(), isOn: v.boolean() }), body);
        switches.find((fault) => fault.id === id)?.set(isOn);
        return view();
      },
    },
  };

  /** Answers as soon as the application exists; it goes on by itself. */
  function start(scenario: AlloySimulator["scenarios"][number]) {
    return new Promise<{ readonly token: string }>((resolve, reject) => {
      simulator
        .playScenario(scenario, {
          onSubmitted: async (created) => {
            resolve({ token: created.journey_application_token });
            await onSubmitted(created);
          },
        })
        // After the answer nobody waits: it was stopped, or the submission could not be announced.
        .catch(reject);
    });
  }
}

function switchesOf(
  simulator: AlloySimulator,
  throttleTable: LaptopOptions["throttleTable"],
): readonly Switch[] {
  const { webhookFaults } = simulator;
  let isThrottled = false;
  return [
    ...WEBHOOK_FAULTS.map((fault) => ({
      id: fault,
      ...DELIVERY_FAULTS[fault],
      isOn: () => webhookFaults.isOn(fault),
      set: (isOn: boolean) => webhookFaults.set(fault, isOn),
    })),
    {
      id: "lost",
      title: "Lost webhooks",
      explains: "No webhook of what happens from now on is ever sent.",
      isOn: simulator.isWithholding,
      set: simulator.withholdWebhooks,
    },
    {
      id: "switch-off",
      title: "Switched off",
      explains: "Alloy has disabled the endpoint: it drops every webhook, until this is off again.",
      isOn: () => !simulator.isWebhookActive(),
      set: (isOn) => simulator.setWebhookActive(!isOn),
    },
    {
      id: "alloy-api",
      title: "Alloy's API is down",
      explains: "The poller gets 503 from Alloy, so nothing is compared and nothing is healed.",
      isOn: () => simulator.apiFault().kind !== "none",
      set: (isOn) => simulator.setApiFault({ kind: isOn ? "unavailable" : "none" }),
    },
    ...(throttleTable === null
      ? []
      : [
          {
            id: "throttled-table",
            title: "Throttled table",
            explains: "DynamoDB refuses what the consumer writes: events wait in the queue.",
            isOn: () => isThrottled,
            set: (isOn: boolean) => {
              isThrottled = isOn;
              throttleTable(isOn);
            },
          },
        ]),
  ];
}

/** The simulated Alloy, asked as its API would answer. */
export function alloySideOf(simulator: AlloySimulator): AlloySide {
  /** Attempts of each event's webhook; the log only grows. */
  const deliveries = new Map<string, ReturnType<AlloySimulator["deliveries"]>[number]>();
  let read = 0;
  const keyOf = (token: string, type: string, at: number) => `${token} ${type} ${at}`;
  return {
    standing(token) {
      const held = simulator.application(token);
      return held === undefined ? null : { status: held.status, outcome: held.complete_outcome };
    },
    attempts(token, type, at) {
      const log = simulator.deliveries();
      for (; read < log.length; read += 1) {
        const delivery = log[read];
        if (delivery === undefined) break;
        const key = keyOf(delivery.applicationToken, delivery.eventType, delivery.raisedAt);
        if (!deliveries.has(key)) deliveries.set(key, delivery);
      }
      const attempts = deliveries.get(keyOf(token, type, at))?.attempts ?? [];
      const taken = attempts.findIndex(
        ({ answer }) => answer !== null && "status" in answer && answer.status < 300,
      );
      return attempts.length === 0 ? null : taken + 1 || attempts.length;
    },
  };
}
