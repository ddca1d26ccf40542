import { describe, expect, it } from "vitest";
import { decodeEnvelope } from "../../../lambdas/domain/event/decode-envelope.ts";
import { idempotencyKeyOf } from "../../../lambdas/adapters/idempotency-key.ts";
import { encodeEnvelope } from "../../../lambdas/domain/event/envelope.ts";
import { parseWebhook } from "../../../lambdas/domain/event/parse-webhook.ts";
import { marshall } from "@aws-sdk/util-dynamodb";
import { redrive } from "../../../tools/ops/redrive.ts";
import { MemorySqs } from "../../support/memory-sqs.ts";
import { anAnsweringStack, KeptTerminal } from "../../support/operator.ts";
import { anEnvelope } from "../../support/poll-envelope.ts";
import { webhookOf } from "../../../tools/cloud-in-memory/builders.ts";

const NOW = Date.parse("2026-11-26T03:00:00.000Z");
const USUAL = {
  application: null,
  event: null,
  limit: null,
  perSecond: null,
  dryRun: false,
  yes: true,
};

const QUEUES = [
  "SubmissionDeadLetterQueue",
  "ScheduleDeadLetterQueue",
  "DeniedDeadLetterQueue",
  "DeniedQueue",
];

/** A stack with these queues, one dead letter, and a poller that finds nothing due. */
function aStackWith(letter: string, answers: Readonly<Record<string, object>> = {}) {
  const sqs = new MemorySqs();
  sqs.put("dead", letter, { sentAt: NOW - 5_000, attributes: { ERROR_CODE: "THROTTLED" } });
  const stack = anAnsweringStack(
    {
      ListStackResources: {
        StackResourceSummaries: QUEUES.map((id) => ({
          ResourceType: "AWS::SQS::Queue",
          LogicalResourceId: id,
          PhysicalResourceId: id,
        })),
      },
      Invoke: { Payload: { transformToString: () => '{"due":0,"left":0}' } },
      ...answers,
    },
    sqs,
  );
  return { sqs, stack };
}

const DENIED = JSON.stringify({
  id: "bus-1",
  time: "2026-11-26T02:00:00Z",
  source: "alloy.journeys",
  "detail-type": "Journey Application Denied",
  detail: { eventId: "e1", applicationToken: "JA-1", route: "denied" },
});

const SUBMITTED = JSON.stringify({
  id: "bus-2",
  time: "2026-11-26T02:00:00Z",
  source: "onboarding",
  "detail-type": "Journey Application Submitted",
  detail: { journey_application_token: "JA-2", journey_token: "J-1" },
});

describe("redrive --queue", () => {
  // U15: route and submission dead letters had no verbs.
  it("sends a route's dead letter to the route's own queue again", async () => {
    const { sqs, stack } = aStackWith(DENIED);

    await redrive(stack, { ...USUAL, queue: "denied" }, new KeptTerminal(), NOW);

    expect(sqs.all("dead")).toEqual([]);
    expect(sqs.calls).toContain("send DeniedQueue");
    expect(sqs.all("DeniedQueue").map((body) => JSON.parse(body))).toEqual([JSON.parse(DENIED)]);
  });

  it("sends a submission into the event queue as the rule would have", async () => {
    const { sqs, stack } = aStackWith(SUBMITTED);

    await redrive(stack, { ...USUAL, queue: "submission" }, new KeptTerminal(), NOW);

    const [message = ""] = sqs.all("events");
    expect(decodeEnvelope(message)).toMatchObject({
      envelope: {
        kind: "submission",
        receiptId: "bus-2",
        submission: { journey_application_token: "JA-2" },
      },
    });
    expect(sqs.all("dead")).toEqual([]);
  });

  it("runs the poller in place of a start that failed, and removes the letter", async () => {
    const { sqs, stack } = aStackWith("{}");

    await redrive(stack, { ...USUAL, queue: "schedule" }, new KeptTerminal(), NOW);

    expect(sqs.all("dead")).toEqual([]);
    expect(sqs.all("events")).toEqual([]);
  });

  it("leaves what is not chosen", async () => {
    const { sqs, stack } = aStackWith(DENIED);
    const choice = { ...USUAL, queue: "denied", application: "JA-9" };

    await redrive(stack, choice, new KeptTerminal(), NOW);

    expect(sqs.all("dead")).toHaveLength(1);
  });

  it("leaves a letter in its queue when the other queue does not take it", async () => {
    const { sqs, stack } = aStackWith(DENIED);
    sqs.losesMessages = true;

    await expect(
      redrive(stack, { ...USUAL, queue: "denied" }, new KeptTerminal(), NOW),
    ).rejects.toThrow("The redrive stopped after 0 messages");
    expect(sqs.all("dead")).toHaveLength(1);
  });

  it("names the queues that there are", async () => {
    const { stack } = aStackWith(DENIED);

    await expect(
      redrive(stack, { ...USUAL, queue: "everything" }, new KeptTerminal(), NOW),
    ).rejects.toThrow('There is no dead-letter queue "everything". Write events, submission,');
  });
});

it("redrive moves only what is still needed: what the poller healed meanwhile is removed", async () => {
  const webhook = webhookOf("completed_application", "JA-1", NOW);
  const parsed = parseWebhook(webhook);
  const eventId = parsed.kind === "journey-event" ? parsed.event.eventId : "";
  const record = marshall({ id: idempotencyKeyOf(eventId), status: "COMPLETED" });
  const answers = { BatchGetItem: { Responses: { records: [record] } } };
  const { sqs, stack } = aStackWith(encodeEnvelope(anEnvelope({ body: webhook })), answers);
  const terminal = new KeptTerminal();

  await redrive(stack, { ...USUAL, application: "JA-1" }, terminal, NOW);

  expect(sqs.all("dead")).toEqual([]);
  expect(sqs.all("events")).toEqual([]);
  expect(terminal.text).toContain("1 message had their effect meanwhile");
});
