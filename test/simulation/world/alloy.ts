import { makeDeliveries } from "../../../tools/alloy-simulator/deliveries.ts";
import type { Deliveries, WebhookAnswer } from "../../../tools/alloy-simulator/deliveries.ts";
import type { Tokens } from "../../../tools/alloy-simulator/tokens.ts";
import { inJsonbOrder } from "../../../tools/alloy-simulator/webhook.ts";
import type { WebhookBody, WebhookCredential } from "../../../tools/alloy-simulator/webhook.ts";
import type { TrueEvent } from "../scenario/application.ts";
import type { TrueStep } from "../scenario/investigations.ts";
import type { World } from "./world.ts";
import { HOUR } from "../../../tools/cloud-in-memory/clock.ts";

/** A second telling that nobody asked for comes within Alloy's day of retries, and mostly soon. */
const LATEST_COPY_MS = 26 * HOUR;

const WEBHOOK = ["withheld", "copied"] as const;

/**
 * Alloy in the world: the simulator's own deliveries (ten attempts, each stamped anew, new events first,
 * the switch-off), fed with what the scenario says.
 */
export function startAlloy(
  { clock, faults, story, random, scenario }: World,
  options: {
    readonly credential: () => WebhookCredential;
    readonly deliver: (request: AlloysRequest) => Promise<WebhookAnswer>;
    readonly isWithheld: (event: TrueEvent) => boolean;
  },
): Deliveries {
  /** What the body that is about to be sent is of: it is written just before. */
  let written: Pick<AlloysRequest, "subject" | "event"> = { subject: "", event: null };
  const deliveries = makeDeliveries(
    {
      now: clock.now,
      random: random.next,
      schedule: clock.schedule,
      deliver: ({ headers, body }) => options.deliver({ headers, body, ...written }),
    },
    countingTokens(),
    new SandboxWebhook(options.credential),
  );
  for (const event of scenario.events) {
    const fate = scenario.upgrade?.fates.get(event);
    const at = fate === undefined ? event.at : fate.webhookAt;
    if (at !== null) clock.at(at, () => raise(event));
  }
  for (const step of scenario.investigations.flatMap(({ steps }) => steps)) {
    clock.at(step.at, () => raiseStep(step));
  }
  for (const post of scenario.posts) {
    clock.at(post.at, () => {
      story.tell("Alloy", `posts ${post.name}`);
      deliveries.send(webhookOf(post.name, null, post.write));
    });
  }
  return deliveries;

  function raiseStep({ name, family, told }: TrueStep): void {
    const write = ({ requestToken, sentAt, reread }: WebhookBody) => {
      const envelope = { request_token: requestToken, timestamp: sentAt, type: family, data: told };
      return JSON.stringify(reread ? inJsonbOrder(envelope) : envelope);
    };
    send(webhookOf(name, null, write), false);
  }

  function raise(event: TrueEvent): void {
    send(webhookOf(event.name, event, writerOf(event)), options.isWithheld(event));
  }

  function webhookOf(
    name: string,
    event: TrueEvent | null,
    text: (attempt: WebhookBody) => string,
  ) {
    return {
      event: { token: name, body: { ...NO_EVENT, ...event?.told } },
      write(attempt: WebhookBody) {
        written = { subject: name, event };
        return text(attempt);
      },
    };
  }

  function send(webhook: ReturnType<typeof webhookOf>, isWithheld: boolean): void {
    const { token: name } = webhook.event;
    const fault = faults.draw("alloy.webhook", WEBHOOK, name);
    story.tell("Alloy", `raises ${name}${fault === null ? "" : ` FAULT ${fault.kind}`}`);
    deliveries.send({ ...webhook, withheld: isWithheld || fault?.kind === "withheld" });
    // What was never sent is not sent again.
    if (fault?.kind !== "copied" || isWithheld) return;
    clock.after(Math.round(fault.amount ** 3 * LATEST_COPY_MS), () => {
      story.tell("Alloy", `sends ${name} again`);
      deliveries.send({ ...webhook, copy: 2 });
    });
  }
}

/**
 * Alloy's webhook, with the credential that it has at the moment. The getter is a class's: V8 keeps a hidden class for each
 * literal with a getter, and by its closure the whole world, until it next collects all that is old.
 */
class SandboxWebhook {
  readonly environment = "sandbox";
  readonly #read: () => WebhookCredential;

  constructor(read: () => WebhookCredential) {
    this.#read = read;
  }

  get credential(): WebhookCredential {
    return this.#read();
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
  const type = event.family === null ? "" : `,"type":"${event.family}"`;
  return ({ requestToken, sentAt, reread }) => {
    if (!reread) {
      event.json.first ??= JSON.stringify(event.told);
      const head = `"request_token":"${requestToken}","timestamp":${sentAt}${type}`;
      return `{${head},"data":${event.json.first}}`;
    }
    event.json.reread ??= JSON.stringify(inJsonbOrder(event.told));
    const tail = `"timestamp":${sentAt},"request_token":"${requestToken}"`;
    return `{"data":${event.json.reread}${type},${tail}}`;
  };
}

/** A request of Alloy's, and what it is about. */
export interface AlloysRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly subject: string;
  /** Null: it is of no event of an application. */
  readonly event: TrueEvent | null;
}

/** What the simulator's log wants to know of a webhook. */
const NO_EVENT = {
  journey_application_token: "",
  type: "",
  timestamp: 0,
  entity_token: null,
  entity_application_token: null,
};
