import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { startLocalServer } from "../support/local-server.ts";
import type { Story, StoryStep } from "./vendor-stories.ts";

/*
 * A second Alloy, written from what is known of Alloy's API alone and with nothing of `tools/alloy-simulator`:
 * what both sides of this repository believe, one of them may have from the other.
 */

/** Which side says a field of an event: Alloy's list, its webhooks, or both. */
export type Side = "both" | "list" | "webhook";

/** How a side writes a time. */
export type TimeFormat = "ms" | "text" | "seconds" | "iso";

export interface Views {
  readonly applicant: Side;
  readonly entity: Side;
  readonly node: Side;
  readonly outcome: Side;
  readonly eventToken: Side;
  /** Added to the time that the webhook tells, in ms. */
  readonly webhookLag: number;
  readonly webhookTime: TimeFormat;
  readonly listTime: TimeFormat;
  /** How an external id is told, the same on both sides. */
  readonly externalId: string | number | null;
  readonly spell: (status: string) => string;
  /** Whether `updated_at` moves with the application. */
  readonly updates: boolean;
}

/** What both sides say alike. */
export const PLAIN_VIEWS: Views = {
  applicant: "both",
  entity: "both",
  node: "both",
  outcome: "both",
  eventToken: "both",
  webhookLag: 0,
  webhookTime: "ms",
  listTime: "ms",
  externalId: null,
  spell: (status) => status,
  updates: true,
};

interface DoubleEvent extends StoryStep {
  readonly at: number;
  readonly token: string;
}

/** An application as the double knows it. */
export class DoubleApplication {
  readonly token: string;
  readonly story: Story;
  readonly views: Views;
  readonly createdAt = Date.now();
  readonly events: DoubleEvent[] = [];
  status = "running";
  outcome: string | null = null;
  updatedAt = this.createdAt;
  rerunToken: string | null = null;

  constructor(story: Story, views: Views, name: string) {
    this.story = story;
    this.views = views;
    this.token = `JA-${name}`;
  }
}

export class VendorDouble {
  readonly applications = new Map<string, DoubleApplication>();
  readonly #posts: Promise<void>[] = [];
  #eventTokens = 1_000;
  readonly receiver: { readonly webhookUrl: string; readonly authorization: string };
  readonly apiKey: { readonly token: string; readonly secret: string };

  constructor(receiver: VendorDouble["receiver"], apiKey: VendorDouble["apiKey"]) {
    this.receiver = receiver;
    this.apiKey = apiKey;
  }

  async listen(port: number): Promise<() => Promise<void>> {
    const answer = this.#answer.bind(this);
    return (await startLocalServer(answer, port)).close;
  }

  /**
   * Lives an application's life, and resolves when its last webhook was answered.
   *
   * @param steps - of its life. @default - its story's
   */
  async live(application: DoubleApplication, steps = application.story.steps): Promise<void> {
    this.applications.set(application.token, application);
    for (const step of steps) {
      await sleep(step.afterMs);
      this.#eventTokens += 1;
      const at = Math.max(Date.now(), (application.events.at(-1)?.at ?? 0) + 1);
      const event = { ...step, at, token: String(this.#eventTokens) };
      if (step.type !== null) application.events.push(event);
      if (step.status !== undefined) application.status = step.status;
      if (step.outcome !== undefined && step.changesOutcome !== false) {
        if (step.applicant === null) application.outcome = step.outcome;
      }
      if (application.status !== "completed") application.outcome = null;
      if (step.reruns) application.rerunToken = `${application.token}R`;
      if (application.views.updates) application.updatedAt = event.at;
      if (step.type !== null) this.#send(application, event);
    }
    await Promise.all(this.#posts);
  }

  #send(application: DoubleApplication, event: DoubleEvent): void {
    for (const delay of event.deliveries) {
      this.#posts.push(sleep(delay).then(() => this.#post(application, event)));
    }
  }

  async #post(application: DoubleApplication, event: DoubleEvent): Promise<void> {
    const body = JSON.stringify({
      request_token: randomUUID(),
      timestamp: Date.now(),
      type: "update:journeyapplications:sandbox",
      description: "Notify on sandbox journey application status change",
      data: {
        ...elementOf(application, event, "webhook"),
        journey_token: "J-double",
        journey_name: "Double",
      },
    });
    for (let attempt = 0; attempt < 5; attempt += 1) {
      const { status } = await fetch(this.receiver.webhookUrl, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          authorization: this.receiver.authorization,
        },
        body,
      });
      if (status === 200) return;
      await sleep(1_000);
    }
    throw new Error("A webhook was refused five times.");
  }

  #answer({ url = "", method, headers }: IncomingMessage, response: ServerResponse): void {
    const say = (status: number, body: unknown) => {
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    };
    const { token, secret } = this.apiKey;
    const expected = `Basic ${Buffer.from(`${token}:${secret}`).toString("base64")}`;
    if (headers.authorization !== expected) return say(401, errorOf(401, 4011));
    const [, asked = ""] = /^\/v1\/journeys\/[^/]+\/applications\/([^/?]+)/.exec(url) ?? [];
    const application = this.applications.get(decodeURIComponent(asked));
    if (method !== "GET" || application === undefined) return say(404, errorOf(404, 4041));
    say(200, answerOf(application));
  }
}

function errorOf(status: number, minor: number) {
  return {
    status_code: status,
    error: { minor_code: minor, type: "Double", message: "refused", details: {} },
    timestamp: Date.now(),
  };
}

function answerOf(application: DoubleApplication) {
  const { token, views, status, outcome, createdAt, updatedAt, rerunToken } = application;
  return {
    journey_application_token: token,
    status: views.spell(status),
    sandbox: true,
    created_at: createdAt,
    updated_at: updatedAt,
    closed_at: null,
    complete_outcome: status === "completed" ? outcome : null,
    external_group_id: views.externalId,
    external_application_id: views.externalId,
    is_rerun: false,
    is_shadow_app: false,
    terminal_reconciliation_output: null,
    _embedded: {
      journey: { journey_token: "J-double", journey_name: "Double" },
      events: application.events.map((event) => elementOf(application, event, "list")),
      reruns:
        rerunToken === null
          ? []
          : [
              {
                next_journey_application_token: rerunToken,
                created_at: updatedAt,
                initiated_by: "api",
              },
            ],
    },
  };
}

/** An event as one side tells it. */
function elementOf(application: DoubleApplication, event: DoubleEvent, side: "list" | "webhook") {
  const { views, token } = application;
  const says = (where: Side) => where === "both" || where === side;
  const lag = side === "webhook" ? views.webhookLag : 0;
  const { applicant } = event;
  return {
    journey_application_token: token,
    type: event.type,
    timestamp: timeAs(side === "list" ? views.listTime : views.webhookTime, event.at + lag),
    external_group_id: views.externalId,
    external_entity_id: null,
    entity_token: applicant !== null && says(views.entity) ? `P-${token}-${applicant}` : null,
    ...(applicant !== null &&
      says(views.applicant) && { entity_application_token: `EA-${token}-${applicant}` }),
    ...(says(views.eventToken) && { journey_application_event_token: event.token }),
    ...(says(views.outcome) && event.outcome !== undefined && { outcome: event.outcome }),
    ...(event.reruns && { rerun_journey_application_token: `${token}R` }),
    _embedded: {
      node: says(views.node) && event.node !== null ? { id: event.node, type: "workflow" } : {},
    },
  };
}

function timeAs(format: TimeFormat, at: number): number | string {
  switch (format) {
    case "ms":
      return at;
    case "text":
      return String(at);
    case "seconds":
      return Math.floor(at / 1_000);
    case "iso":
      return new Date(at).toISOString();
  }
}
