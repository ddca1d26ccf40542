import type { AlloyAnswer, AlloyApi } from "../../lambdas/domain/polling-ports.ts";
import { makeDeliveries } from "../../tools/alloy-simulator/deliveries.ts";
import type { Deliveries, WebhookAnswer } from "../../tools/alloy-simulator/deliveries.ts";
import type { Tokens } from "../../tools/alloy-simulator/tokens.ts";
import { inJsonbOrder } from "../../tools/alloy-simulator/webhook.ts";
import type { WebhookBody, WebhookCredential } from "../../tools/alloy-simulator/webhook.ts";
import type { FaultKind } from "./faults.ts";
import { answerAt } from "./plot-application.ts";
import type { TrueEvent } from "./plot-application.ts";
import type { Plot } from "./plot.ts";
import type { CallFault, Sandbox, Surroundings } from "./sandbox.ts";

const HOUR = 3_600_000;

/** A second telling that nobody asked for comes within Alloy's day of retries, and mostly soon. */
const LATEST_COPY_MS = 26 * HOUR;

/**
 * Alloy in the world: the simulator's own deliveries (ten attempts, each stamped anew, new events first,
 * the switch-off), fed with what the plot says.
 */
export function startAlloy(
  plot: Plot,
  world: Surroundings,
  options: {
    readonly credential: () => WebhookCredential;
    readonly deliver: (request: AlloysRequest) => Promise<WebhookAnswer>;
    readonly isWithheld: (event: TrueEvent) => boolean;
  },
): Deliveries {
  const { clock, faults, story, dice } = world;
  /** What the body that is about to be sent is of: it is written just before. */
  let written = "";
  const deliveries = makeDeliveries(
    {
      now: clock.now,
      random: dice.next,
      schedule(delayMs, task) {
        const timer = clock.after(delayMs, task);
        return () => clock.cancel(timer);
      },
      deliver: ({ headers, body }) => options.deliver({ headers, body, subject: written }),
    },
    countingTokens(),
    {
      environment: "sandbox",
      get credential() {
        return options.credential();
      },
    },
  );
  for (const event of plot.events) clock.at(event.at, () => raise(event));
  for (const post of plot.posts) {
    clock.at(post.at, () => {
      story.tell("Alloy", `posts ${post.name}`);
      const event = { token: post.name, body: NO_EVENT };
      const write = (webhook: WebhookBody) => {
        written = post.name;
        return post.write(webhook);
      };
      deliveries.send({ event, write });
    });
  }
  return deliveries;

  function raise(event: TrueEvent): void {
    const fault = faults.draw("alloy.webhook", ["withheld", "copied"], event.name);
    story.tell("Alloy", `raises ${event.name}${fault === null ? "" : ` FAULT ${fault.kind}`}`);
    const webhook = { token: event.name, body: { ...NO_EVENT, ...event.told } };
    const text = writerOf(event);
    const write = (attempt: WebhookBody) => {
      written = event.name;
      return text(attempt);
    };
    const withheld = fault?.kind === "withheld" || options.isWithheld(event);
    deliveries.send({ event: webhook, write, withheld });
    if (fault?.kind !== "copied") return;
    clock.after(Math.round(fault.amount ** 3 * LATEST_COPY_MS), () => {
      story.tell("Alloy", `sends ${event.name} again`);
      deliveries.send({ event: webhook, write, copy: 2 });
    });
  }
}

/** Tokens that nobody looks at. */
function countingTokens(): Tokens {
  let count = 0;
  const next = () => {
    count += 1;
    return String(count);
  };
  return { token: next, uuid: next, eventToken: next };
}

/** `writeWebhook`, without serialising the event anew for each attempt. */
function writerOf(event: TrueEvent): (webhook: WebhookBody) => string {
  const type = "update:journeyapplications:sandbox";
  return ({ requestToken, sentAt, reread }) => {
    if (!reread) {
      event.json.first ??= JSON.stringify(event.told);
      const head = `"request_token":"${requestToken}","timestamp":${sentAt},"type":"${type}"`;
      return `{${head},"data":${event.json.first}}`;
    }
    event.json.reread ??= JSON.stringify(inJsonbOrder(event.told));
    const tail = `"timestamp":${sentAt},"request_token":"${requestToken}"`;
    return `{"data":${event.json.reread},"type":"${type}",${tail}}`;
  };
}

/** A request of Alloy's, and what it is about. */
export interface AlloysRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly subject: string;
}

/** What the simulator's log wants to know of a webhook. */
const NO_EVENT = {
  journey_application_token: "",
  type: "",
  timestamp: 0,
  entity_token: null,
  entity_application_token: null,
};

const CALL: readonly CallFault[] = ["crash-before", "crash-after", "timed-out", "slow", "stalled"];
const ANSWER: readonly FaultKind[] = ["alloy-failed", "alloy-rate-limited", "alloy-unauthorized"];

/** Alloy's API, as one sandbox calls it. */
export function alloyApiIn(sandbox: Sandbox, plot: Plot, world: Surroundings): AlloyApi {
  const { clock, faults, story, nameOf } = world;
  const byToken = new Map(plot.applications.map((application) => [application.token, application]));
  return {
    getApplication: ({ applicationToken }, timeoutMs) =>
      sandbox.call(
        "alloy.get",
        applicationToken,
        async (): Promise<AlloyAnswer> => {
          const fault = faults.draw("alloy.answer", ANSWER, nameOf(applicationToken));
          if (fault !== null) {
            story.tell("Alloy", `FAULT ${fault.kind} #${fault.occurrence}`);
            return answerOf(fault.kind, fault.amount);
          }
          const known = byToken.get(applicationToken);
          const application = known === undefined ? null : answerAt(known, clock.now());
          if (application === null) return { kind: "unknown", status: 404, minorCode: 4041 };
          return { kind: "application", application };
        },
        {
          service: "alloy",
          kinds: CALL,
          timeoutMs,
          refuse: () => ({ kind: "failed", cause: "timeout", retryAfterMs: null }),
        },
      ),
    renewCredentials() {},
  };
}

function answerOf(kind: FaultKind, amount: number): AlloyAnswer {
  if (kind === "alloy-unauthorized") return { kind: "unauthorized" };
  const retryAfterMs = amount < 0.5 ? null : Math.round(amount * 4_000);
  if (kind === "alloy-rate-limited") return { kind: "rate-limited", retryAfterMs };
  const cause = amount < 0.3 ? "not-an-application" : "server-error";
  return { kind: "failed", cause, retryAfterMs };
}
