import {
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
} from "@aws-sdk/client-sqs";
import { setTimeout as sleep } from "node:timers/promises";

import { connect } from "../ops/stack.ts";
import type { ConnectedStack } from "../ops/stack.ts";
import { postAuthentic } from "../ops/verify-arrival.ts";
import { deadLettersOf } from "./emulator/route-queues.ts";
import { LocalFailure } from "./failure.ts";
import type { IncidentName } from "./incident-names.ts";
import type { LocalStack } from "./local-stack.ts";
import type { PlayedAlloy } from "./scenarios/play.ts";

/** What an incident is made of. */
export interface Scene {
  readonly simulator: PlayedAlloy["simulator"];
  readonly stack: Pick<LocalStack, "receiver" | "outputs">;
  readonly connected: ConnectedStack;
  readonly signal: AbortSignal;
}

interface Incident {
  /** What is wrong, and how it ends: told when the practice is over. */
  readonly answer: string;
  set(scene: Scene): Promise<void>;
}

/** How often what EventBridge cannot deliver is moved. */
const MOVE_MS = 500;

/** How long what was delivered before is out of the way. */
const OLD_SECONDS = 60;

/**
 * Incidents to practise: each is set up in a running stack, and rings what it rings in an account. The practice is in
 * docs/local.md.
 */
const INCIDENTS: Readonly<Record<IncidentName, Incident>> = {
  "lost-webhooks": {
    answer:
      "Alloy's webhooks are lost on their way. The poller recovers what was missed; at Alloy, look at the webhook logs and the network in between.",
    async set({ simulator, stack }) {
      simulator.withholdWebhooks(true);
      await apply(simulator, stack, "manual-review-then-approved", "denied");
    },
  },
  "wrong-secret": {
    answer:
      "Alloy sends a credential that the webhook secret does not have. Put the right one into the secret, or into Alloy's settings.",
    async set({ simulator, stack }) {
      simulator.webhookFaults.set("wrong-secret", true);
      await apply(simulator, stack, "approved-at-once", "denied", "step-up-then-approved");
    },
  },
  poison: {
    answer:
      "Two webhooks have bodies that nothing can read. They are dead letters that no redrive helps: find out who sent them, then discard them with that reason.",
    async set({ connected }) {
      await post(connected, '{"type":"completed_application","data":');
      await post(connected, "<html><body>502 Bad Gateway</body></html>");
    },
  },
  "vendor-outage": {
    answer:
      "Alloy's API answers 503, and some webhooks are lost meanwhile. Nothing is to be done here but to wait; then the poller catches up.",
    async set({ simulator, stack }) {
      simulator.setApiFault({ kind: "unavailable" });
      simulator.withholdWebhooks(true);
      // To their end: what is raised later would not be lost.
      await simulator.play(["denied", "approved-at-once"], {
        onSubmitted: (created) => stack.receiver.announceSubmission(created),
      });
      simulator.withholdWebhooks(false);
      await apply(simulator, stack, "manual-review-then-approved");
    },
  },
  "dead-route": {
    answer:
      "EventBridge may no longer write to the queue of the route approved. Deploy the stack again, which restores the policy, then redrive the route's dead letters.",
    async set({ simulator, stack, connected, signal }) {
      // That the emulator is gone is told by whoever watches it.
      failDeliveries(connected, stack.outputs["ApprovedQueueUrl"] ?? "", signal).catch(
        () => undefined,
      );
      await apply(simulator, stack, "approved-at-once", "manual-review-then-approved");
    },
  },
};

/**
 * Sets one up.
 *
 * @param outputsFile - where the clients of AWS find the stack.
 * @returns what was wrong and how it ends, to be told at the end.
 * @throws LocalFailure when the stack has no simulated Alloy, or nothing that the operators' tool can look into.
 */
export async function setUpIncident(
  name: IncidentName,
  stack: LocalStack,
  outputsFile: string,
  signal: AbortSignal,
): Promise<string> {
  const { alloy, endpoint } = stack;
  if (alloy === null || endpoint === null) {
    throw new LocalFailure(
      "--incident needs the emulator and the simulated Alloy: leave out --in-process and --alloy-url.",
    );
  }
  const connected = await connect({ stage: "local", outputsFile });
  await plant(name, { simulator: alloy.simulator, stack, connected, signal });
  return `${name}. ${INCIDENTS[name].answer}`;
}

/** Makes it happen. */
export async function plant(name: IncidentName, scene: Scene): Promise<void> {
  await INCIDENTS[name].set(scene);
}

/** New applications, announced as the onboarding service does. What becomes of them is not waited for. */
async function apply(
  simulator: PlayedAlloy["simulator"],
  { receiver }: Scene["stack"],
  ...scenarios: readonly string[]
): Promise<void> {
  const announced = Promise.withResolvers<void>();
  let left = scenarios.length;
  void simulator
    .play(scenarios, {
      onSubmitted: async (created) => {
        await receiver.announceSubmission(created);
        left -= 1;
        if (left === 0) announced.resolve();
      },
    })
    .catch(announced.reject);
  await announced.promise;
}

/** @throws LocalFailure when the endpoint does not store it. */
async function post(connected: ConnectedStack, body: string): Promise<void> {
  const { status } = await postAuthentic(connected, body, {});
  if (status !== 200) throw new LocalFailure(`The endpoint answered ${status} instead of 200.`);
}

/**
 * Does what EventBridge does with events that it may not deliver, and the emulator does not: puts them into the route's
 * dead-letter queue, with the attributes of https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html.
 */
async function failDeliveries(
  { sqs, stackName }: ConnectedStack,
  queue: string,
  signal: AbortSignal,
): Promise<void> {
  const since = Date.now();
  const { url: deadLetters } = await deadLettersOf(sqs, queue);
  while (!signal.aborted) {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: queue,
        MaxNumberOfMessages: 10,
        MessageSystemAttributeNames: ["SentTimestamp"],
        VisibilityTimeout: OLD_SECONDS,
      }),
    );
    // What was delivered before is not affected.
    const failed = Messages.filter(({ Attributes }) => Number(Attributes?.SentTimestamp) >= since);
    for (const { Body } of failed) {
      await sqs.send(
        new SendMessageCommand({
          QueueUrl: deadLetters,
          MessageBody: Body,
          MessageAttributes: attributesOf({
            ERROR_CODE: "NO_PERMISSIONS",
            ERROR_MESSAGE: "Lack of permissions to invoke the target.",
            RULE_ARN: `arn:aws:events:us-east-1:000000000000:rule/${stackName}/approved`,
          }),
        }),
      );
    }
    if (failed.length > 0) {
      await sqs.send(
        new DeleteMessageBatchCommand({
          QueueUrl: queue,
          Entries: failed.map(({ ReceiptHandle }, index) => ({ Id: `${index}`, ReceiptHandle })),
        }),
      );
    }
    await sleep(MOVE_MS);
  }
}

function attributesOf(texts: Readonly<Record<string, string>>) {
  return Object.fromEntries(
    Object.entries(texts).map(([name, StringValue]) => [name, { DataType: "String", StringValue }]),
  );
}
