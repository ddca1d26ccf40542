import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { describe, expect, it, onTestFinished } from "vitest";

import { makeConsumerHandler } from "../../lambdas/consumer/handler.ts";
import { encodeEnvelope } from "../../lambdas/domain/event/envelope.ts";
import type { AlloyAnswer } from "../../lambdas/domain/polling/polling-ports.ts";
import type { DeliveryRecord } from "../../lambdas/domain/reconciliation/delivery.ts";
import { makePollerHandler } from "../../lambdas/poller/handler.ts";
import { EVENT_SOURCE, ROUTE_IDS, ROUTE_TITLES } from "../../lambdas/settings/routes.ts";
import type { RouteId } from "../../lambdas/settings/routes.ts";
import { MESSAGES } from "../../lambdas/telemetry/messages.ts";
import type { MessageCode } from "../../lambdas/telemetry/messages.ts";
import type { LogFields } from "../../lambdas/telemetry/line-logger.ts";
import type { MessageLogger } from "../../lambdas/telemetry/powertools-logger.ts";
import { pascalCase } from "../../lib/pascal-case.ts";
import {
  alloyAnswer,
  alloyThatAnswers,
  batchOf,
  lambdaContext,
  webhookOf,
} from "../../tools/cloud-in-memory/builders.ts";
import { answered } from "../../tools/cloud-in-memory/clients.ts";
import { makeMemoryCloud } from "../../tools/cloud-in-memory/cloud.ts";
import { consumerOver, pollerOver } from "../../tools/cloud-in-memory/runtime.ts";
import { parseCommand, VERBS } from "../../tools/ops/command-line.ts";
import { policiesOf } from "../../tools/strict-aws/iam/policies.ts";
import { withInvestigations, withTargets } from "../../tools/template/variants.ts";
import { aJourneyEvent } from "../support/journey-event.ts";
import { KeptTerminal } from "../support/operator.ts";
import { stackAs } from "../support/people.ts";
import { aPublishedEvent } from "../support/records.ts";
import { commandsIn, runbooks } from "../support/runbooks.ts";
import { templateOf } from "../support/template.ts";

/*
 * U3: runbooks sent the reader to log lines that no code wrote, and "which ones?" had no answer. Here each incident is
 * planted, by the real consumer and the real poller over the table that the tool reads; the first command of the
 * runbook, typed as it stands there, then has to name the application.
 */

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const TOKEN = "JA-AffectedByTheFault01";

/** Every route has its queues here. */
const deployed = policiesOf(
  templateOf({
    ...withInvestigations,
    decision: {},
    // With a key of its own, the bus has a dead-letter queue.
    encryption: "customer-managed",
    routes: { ...withInvestigations.routes, approved: withTargets.routes.approved },
  }),
);

/** What befell an application. */
type Plant = (scene: Scene) => Promise<void>;

interface Incident {
  readonly plant: Plant;
  /** What the answer says beside the application. */
  readonly says: string;
}

const QUIET: DeliveryRecord = { minutes: [], oldestQueuedAt: null, queued: 0 };

/** A webhook that we answered so, each time that Alloy tried. */
const refusedBy = (cause: "credentials" | "faults"): Incident => ({
  says: "rejected",
  plant: lostWith((at) => ({
    ...QUIET,
    minutes: [
      {
        at: at - (at % MINUTE),
        accepted: 0,
        credentials: 0,
        addresses: 0,
        faults: 0,
        alloyRefused: 1,
        [cause]: 1,
      },
    ],
  })),
});

/** A webhook that never came, or that nobody has looked for. */
const LOST: Incident = { says: "not-delivered", plant: lostWith(() => QUIET) };

/** An event that waits in the queue for longer than it should. */
const QUEUED: Incident = {
  says: "in-flight",
  plant: lostWith((at) => ({ ...QUIET, oldestQueuedAt: at, queued: 7 })),
};

/** An event whose processing fails each time. */
const FAILING: Incident = {
  says: "failed-processing",
  async plant(scene) {
    const at = scene.now - 20 * MINUTE;
    await scene.consume([webhookOf("started_application", TOKEN, at - 1_000)]);
    await scene.consume([webhookOf("pending_review", TOKEN, at)], { isBusOut: true });
    await scene.poll(answerWith(at, "pending_review"), QUIET);
  },
};

const inQueueOf = (queue: string, body: (scene: Scene) => string): Incident => ({
  says: "NO_PERMISSIONS",
  plant: async (scene) => {
    scene.sqs.put(queue, body(scene), {
      sentAt: scene.now - MINUTE,
      attributes: { ERROR_CODE: "NO_PERMISSIONS", ERROR_MESSAGE: "The queue's policy denies it." },
    });
  },
});

/** What EventBridge could not deliver to the targets of a route. */
const ofRoute = (route: RouteId): Incident =>
  inQueueOf(`${pascalCase(route)}DeadLetterQueue`, ({ now }) =>
    JSON.stringify({
      id: "e-1",
      source: EVENT_SOURCE,
      "detail-type": ROUTE_TITLES[route],
      time: new Date(now).toISOString(),
      detail: aPublishedEvent({ applicationToken: TOKEN }, route),
    }),
  );

const DEAD_LETTER: Incident = {
  says: "The bus did not answer.",
  plant: async ({ sqs, now }) => {
    const envelope = { v: 1, kind: "webhook", receiptId: "r-1", receivedAt: now } as const;
    const body = webhookOf("completed_application", TOKEN, now - 13 * DAY);
    sqs.put(
      "DeadLetterQueue",
      encodeEnvelope({ ...envelope, body, payloadKey: null, sourceIp: null }),
      { reason: "The bus did not answer.", sentAt: now - 13 * DAY },
    );
  },
};

/** An event that came in time and is to be found by its route. */
const recorded = (says: string, type: string, minutesAgo: number): Incident => ({
  says,
  plant: ({ consume, now }) => consume([webhookOf(type, TOKEN, now - minutesAgo * MINUTE)]),
});

const logged = (says: MessageCode, plant: Plant): Incident => ({ says, plant });

const INCIDENTS: Readonly<Record<string, Incident>> = {
  "alloy-api-failing": LOST,
  "applications-stale": recorded("waiting_review", "pending_review", (31 * DAY) / MINUTE),
  "applications-unchecked": logged("poller.check.unanswered", async (scene) => {
    await scene.consume([webhookOf("started_application", TOKEN, scene.now - 20 * MINUTE)]);
    await scene.poll({ kind: "failed", cause: "server-error", retryAfterMs: null }, QUIET);
  }),
  "applications-unknown": logged("poller.call.failed", async (scene) => {
    await scene.consume([webhookOf("started_application", TOKEN, scene.now - 20 * MINUTE)]);
    await scene.poll({ kind: "failed", cause: "refused", retryAfterMs: null }, QUIET);
  }),
  "bus-failing": inQueueOf("BusDeadLetterQueue", ({ now }) =>
    JSON.stringify({
      id: "e-1",
      source: EVENT_SOURCE,
      "detail-type": ROUTE_TITLES.approved,
      time: new Date(now).toISOString(),
      detail: aPublishedEvent({ applicationToken: TOKEN }, "approved"),
    }),
  ),
  "completeness-low": LOST,
  "consumer-failing": FAILING,
  "consumer-near-timeout": QUEUED,
  "consumer-throttled": QUEUED,
  "credentials-missing": refusedBy("credentials"),
  "credentials-rejected": refusedBy("credentials"),
  "credentials-unusable": refusedBy("credentials"),
  "dead-letters-expiring": DEAD_LETTER,
  "dead-letters-not-empty": DEAD_LETTER,
  "delivery-gap": LOST,
  "duplicates-high": LOST,
  "environment-mixed": logged("consumer.environment.mixed", ({ consume, now }) =>
    consume([webhookOf("started_application", TOKEN, now).replace(":sandbox", ":live")]),
  ),
  "events-in-conflict": LOST,
  "events-left": logged("poller.application.behind", async (scene) => {
    const at = scene.now - 20 * MINUTE;
    await scene.consume([webhookOf("started_application", TOKEN, at - 1_000)]);
    await scene.poll(answerWith(at, "pending_review"), QUIET);
  }),
  "events-not-draining": QUEUED,
  "events-too-old": QUEUED,
  "events-unrecognised": {
    says: "interview_scheduled",
    plant: ({ consume, now }) =>
      consume([
        webhookOf("pending_review", TOKEN, now - MINUTE).replace(
          '"pending_review"',
          '"interview_scheduled"',
        ),
      ]),
  },
  "ingest-failing": refusedBy("faults"),
  "ingest-near-timeout": refusedBy("faults"),
  "ingest-slow": refusedBy("faults"),
  "ingest-throttled": refusedBy("faults"),
  "integration-unhealthy": LOST,
  notification: LOST,
  "poller-behind": LOST,
  "poller-near-timeout": LOST,
  "poller-silent": LOST,
  "poller-throttled": LOST,
  ...Object.fromEntries(ROUTE_IDS.map((route) => [`route-failing-${route}`, ofRoute(route)])),
  "route-paused": recorded("approved", "completed_application", 60),
  "route-unread": recorded("approved", "completed_application", 60),
  "schedule-failing": LOST,
  "statement-missing": LOST,
  "status-unrecognised": logged("poller.application.status-unrecognised", async (scene) => {
    const at = scene.now - 20 * MINUTE;
    await scene.consume([webhookOf("started_application", TOKEN, at)]);
    await scene.poll(answerWith(at, "started_application", { status: "parked" }), QUIET);
  }),
  "submissions-failing": inQueueOf("SubmissionDeadLetterQueue", ({ now }) =>
    JSON.stringify({
      id: "e-1",
      source: "onboarding",
      "detail-type": "Journey Application Submitted",
      time: new Date(now).toISOString(),
      detail: { journey_application_token: TOKEN, journey_token: "J-1" },
    }),
  ),
  "switch-off-near-25": refusedBy("credentials"),
  "switch-off-near-50": refusedBy("faults"),
  "switch-off-near-75": refusedBy("faults"),
  "tables-failing": FAILING,
  "tables-throttled": FAILING,
  "target-failing": ofRoute("approved"),
  "target-retried": recorded("approved", "completed_application", 30),
  "webhooks-repaired": LOST,
  "webhooks-repaired-often": LOST,
  "webhooks-silent": LOST,
};

describe("who is affected? The first command of the runbook", () => {
  it.each(runbooks().map(({ id, text }) => [id, text] as const))(
    "%s names the application, once the incident is there, and nobody before",
    async (id, text) => {
      const scene = await aScene();
      const incident = INCIDENTS[id];
      if (incident === undefined)
        throw new Error(`Say in INCIDENTS what befalls an application: ${id}`);

      const before = await scene.answerTo(firstCommandOf(text));
      await incident.plant(scene);
      const after = await scene.answerTo(firstCommandOf(text));

      expect(before).not.toContain(TOKEN);
      expect(after).toContain(TOKEN);
      expect(after).toContain(incident.says);
    },
  );

  it("is of a runbook that there is", () => {
    const ids = runbooks().map(({ id }) => id);

    expect(Object.keys(INCIDENTS).filter((id) => !ids.includes(id))).toEqual([]);
  });
});

type Scene = Awaited<ReturnType<typeof aScene>>;

/** A stack as an operator has it, with the functions that fill it. */
async function aScene() {
  const now = Date.now();
  const { connected, sqs, dynamo } = await stackAs("operator", deployed);
  onTestFinished(() => dynamo.close());
  const lines: { readonly timestamp: number; readonly message: string }[] = [];
  const logger = loggerInto(lines, now);
  const cloud = makeMemoryCloud({ now: () => now });
  const logs = answered(new CloudWatchLogsClient({ region: "us-east-1" }), () => ({
    events: lines,
  }));
  return {
    sqs,
    now,
    /** The consumer takes these webhooks. */
    consume: async (webhooks: readonly string[], { isBusOut = false } = {}): Promise<void> => {
      const handle = makeConsumerHandler(
        consumerOver({
          cloud,
          store: dynamo.store,
          logger,
          now: () => now,
          ...(isBusOut && {
            publisher: {
              publish: async () => {
                throw new Error("The bus did not answer.");
              },
            },
          }),
        }),
      );
      await handle(batchOf(webhooks, now), lambdaContext());
    },
    /** The poller compares with what Alloy says. */
    poll: async (answer: AlloyAnswer, delivery: DeliveryRecord): Promise<void> => {
      const handle = makePollerHandler(
        pollerOver({
          cloud,
          applications: dynamo.due,
          alloy: alloyThatAnswers(() => answer),
          deliveries: { record: async () => delivery },
          logger,
          // After the first check is due.
          now: () => now + 15 * MINUTE,
        }),
      );
      await handle({});
    },
    answerTo: async (line: string): Promise<string> => {
      const command = parseCommand(line.replace("npm run ops -- ", "").split(" "));
      if ("help" in command) throw new Error(`${line} is no command.`);
      const terminal = new KeptTerminal();
      const clock = { now: now + MINUTE, wait: async () => {}, interrupted: async () => {} };
      await VERBS[command.verb].run({ ...connected, logs }, command, terminal, clock);
      return terminal.text;
    },
  };
}

function firstCommandOf(text: string): string {
  const [, check = ""] = text.split("## Check first\n\n");
  return commandsIn(check.split(/^2\. /m)[0] ?? "")[0] ?? "";
}

/** As Powertools writes. */
function loggerInto(
  lines: { readonly timestamp: number; readonly message: string }[],
  now: number,
): MessageLogger {
  const log =
    (level: string) =>
    (code: MessageCode, fields: LogFields = {}) =>
      void lines.push({
        timestamp: now,
        message: JSON.stringify({ level, message: MESSAGES[code], code, ...fields }),
      });
  return { debug: log("DEBUG"), info: log("INFO"), warn: log("WARN"), error: log("ERROR") };
}

/** An event that Alloy has, and of which we were told nothing in time. */
function lostWith(delivery: (at: number) => DeliveryRecord): Plant {
  return async (scene) => {
    const at = scene.now - 20 * MINUTE;
    await scene.consume([webhookOf("started_application", TOKEN, at - 1_000)]);
    await scene.poll(answerWith(at, "pending_review"), delivery(at));
  };
}

/** Alloy's answer: that the application was started, and what came after. */
function answerWith(
  at: number,
  type: string,
  changes: Readonly<Record<string, unknown>> = {},
): AlloyAnswer {
  const event = (one: string, when: number) =>
    aJourneyEvent({ applicationToken: TOKEN, type: one, at: when });
  const events = [event("started_application", at - 1_000)];
  if (type !== "started_application") events.push(event(type, at));
  return alloyAnswer(TOKEN, events, changes);
}
