import { createServer } from "node:http";
import { once } from "node:events";
import { expect, it, onTestFinished } from "vitest";
import { METRICS } from "../../../lambdas/settings/metrics.ts";
import { statusOf } from "../../../tools/ops/observe.ts";
import { STATUS_METRICS } from "../../../tools/ops/status-metrics.ts";
import { anAnsweringStack } from "../../support/operator.ts";

const NOW = Date.parse("2026-11-26T03:00:00.000Z");

it("probes the endpoint with what no function counts: no refused credential rings an alarm", async () => {
  // U1: its own calls rang `credentials-rejected`, then `switch-off-near-75`.
  const methods: (string | undefined)[] = [];
  const server = createServer(({ method }, response) => {
    methods.push(method);
    response.writeHead(404).end();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const address = server.address();
  const port = typeof address === "object" ? address?.port : 0;

  const stack = { ...anAnsweringStack({}), webhookUrl: `http://127.0.0.1:${port}/webhooks/alloy` };
  const { endpoint } = await statusOf(stack, NOW);

  expect(methods).toEqual(["GET"]);
  expect(endpoint).toMatchObject({ answer: "404", isFine: true });
});

it("shows a gauge by its last value, not by the sum of an hour", async () => {
  // U10: `DeliveryGaps 205`, when two were in gap.
  const gauges = STATUS_METRICS.filter(({ kind }) => kind === "gauge");
  const index = gauges.findIndex(({ name }) => name === METRICS.deliveryGaps);
  const minutes = [3, 2, 1].map((ago) => new Date(NOW - ago * 60_000));
  const result = { Id: `m${index}`, Values: [101, 102, 2], Timestamps: minutes };
  const stack = anAnsweringStack({ GetMetricData: { MetricDataResults: [result] } });

  const { metrics } = await statusOf(stack, NOW);

  expect(metrics.find(({ name }) => name === METRICS.deliveryGaps)).toMatchObject({ value: 2 });
});

it.each([
  { run: 1, value: 0, what: "none of what an earlier run said, where the last one said nothing" },
  { run: 10, value: 2, what: "what the last run said" },
])("shows of a gauge $what", async ({ run, value }) => {
  // The poller writes no zeros: for an hour after the last gap had healed, `DeliveryGaps` would be 2.
  const at = (ago: number) => [new Date(NOW - ago * 60_000)];
  // The first gauge is of gaps; the second metric of what has been recent is of runs.
  const MetricDataResults = [
    { Id: "m0", Values: [2], Timestamps: at(10) },
    { Id: "m1", Values: [1], Timestamps: at(run) },
  ];

  const stack = anAnsweringStack({ GetMetricData: { MetricDataResults } });
  const { metrics } = await statusOf(stack, NOW);

  expect(metrics.find(({ name }) => name === METRICS.deliveryGaps)).toMatchObject({ value });
});

it("tells a page from a ticket by the topic that the alarm notifies, and leaves out what notifies nobody", async () => {
  const base = anAnsweringStack({});
  const alarm = (name: string, ...AlarmActions: string[]) => ({
    AlarmName: `${base.stackName}-${name}`,
    AlarmDescription: `What is true.\n\nImpact: it hurts.\n\nRunbook: https://example.com/${name}.md`,
    AlarmActions,
    StateTransitionedTimestamp: new Date(NOW - 60_000),
  });
  const MetricAlarms = [alarm("one", base.pageTopicArn), alarm("two", "ticket"), alarm("three")];

  const { attention } = await statusOf(anAnsweringStack({ DescribeAlarms: { MetricAlarms } }), NOW);

  expect(attention.filter(({ kind }) => kind === "alarm")).toMatchObject([
    {
      name: "one",
      severity: "page",
      sentence: "What is true.",
      since: "2026-11-26T02:59:00.000Z",
      runbook: "https://example.com/one.md",
    },
    { name: "two", severity: "ticket" },
  ]);
});

it("knows an alarm that is about a queue by the queue's name: it says it once", async () => {
  const base = anAnsweringStack({});
  const reading = (AlarmName: string, rest: object) => ({
    AlarmName: `${base.stackName}-${AlarmName}`,
    AlarmActions: [base.pageTopicArn],
    ...rest,
  });
  const metric = {
    Namespace: "AWS/SQS",
    MetricName: "ApproximateNumberOfMessagesVisible",
    Dimensions: [{ Name: "QueueName", Value: "the-dead-letters" }],
  };
  const stack = (MetricAlarms: readonly object[]) =>
    anAnsweringStack({
      DescribeAlarms: { MetricAlarms },
      ListStackResources: {
        StackResourceSummaries: [
          {
            LogicalResourceId: "DeadLetterQueue",
            PhysicalResourceId: "https://sqs.us-east-1.amazonaws.com/111122223333/the-dead-letters",
            ResourceType: "AWS::SQS::Queue",
          },
        ],
      },
      GetQueueAttributes: { Attributes: { ApproximateNumberOfMessages: "3" } },
    });
  const of = async (alarms: readonly object[]) =>
    (await statusOf(stack(alarms), NOW)).attention
      .filter(({ kind }) => kind === "alarm" || kind === "queue")
      .map(({ kind, sentence }) => `${kind}: ${sentence}`);

  expect(await of([])).toEqual(["queue: 3 in DeadLetterQueue"]);
  expect(await of([reading("one", metric)])).toEqual(["alarm:  (3 in DeadLetterQueue)"]);
  expect(await of([reading("math", { Metrics: [{ MetricStat: { Metric: metric } }] })])).toEqual([
    "alarm:  (3 in DeadLetterQueue)",
  ]);
  expect(await of([reading("other", { Namespace: "AWS/Lambda", MetricName: "Errors" })])).toEqual([
    "alarm: ",
    "queue: 3 in DeadLetterQueue",
  ]);
});
