import { afterAll, describe, expect, it } from "vitest";

import { verify } from "../../../tools/ops/verify.ts";
import { startLocalServer } from "../../support/local-server.ts";
import { anAnsweringStack, KeptTerminal } from "../../support/operator.ts";

const SECRET = "Basic c2VjcmV0Om1hcms=";

let authentic = 200;
let stranger = 401;
const server = await startLocalServer((request, response) => {
  request.resume();
  response.writeHead(request.headers.authorization === SECRET ? authentic : stranger).end();
});
afterAll(server.close);
const webhookUrl = `${server.url}/`;

/** A rule of a bucket's life cycle. */
function endOf(Prefix: string) {
  return { Status: "Enabled", Filter: { Prefix }, Expiration: { Days: 40 } };
}

/** How a stack answers in which nothing is wrong, by the command's name. */
const FINE = {
  ListStackResources: {
    StackResourceSummaries: [
      ["SQS::Queue", "EventQueue"],
      ["SNS::Topic", "PageTopic"],
      ["S3::Bucket", "PayloadBucket"],
      ["DynamoDB::GlobalTable", "ApplicationTable"],
      ["Logs::LogGroup", "IngestLogs"],
    ].map(([type, id]) => ({
      ResourceType: `AWS::${type}`,
      LogicalResourceId: id,
      PhysicalResourceId: id,
    })),
  },
  Query: { Items: [{ receivedAt: { N: "0" } }] },
  GetItem: { Item: { status: { S: "COMPLETED" } } },
  Invoke: { Payload: { transformToString: () => `{"dryRun":true,"probe":"unknown"}` } },
  ListSubscriptionsByTopic: { Subscriptions: [{ SubscriptionArn: "arn:aws:sns:1" }] },
  SetAlarmState: {},
  DescribeAlarmHistory: {
    AlarmHistoryItems: [{ HistorySummary: "Successfully executed action 1" }],
  },
  DescribeAlarms: {
    MetricAlarms: [{ AlarmName: "AlloyJourneyWebhooks-test-one", StateValue: "OK" }],
  },
  GetQueueAttributes: {
    Attributes: { SqsManagedSseEnabled: "true", MessageRetentionPeriod: "1209600" },
  },
  GetTopicAttributes: { Attributes: { KmsMasterKeyId: "key" } },
  GetBucketEncryption: { ServerSideEncryptionConfiguration: { Rules: [{}] } },
  GetBucketLifecycleConfiguration: {
    // S3 knows two ways to name a prefix.
    Rules: [endOf("webhooks/"), { ...endOf(""), Filter: undefined, Prefix: "polls/" }],
  },
  DescribeTable: { Table: {} },
  DescribeContinuousBackups: {
    ContinuousBackupsDescription: {
      PointInTimeRecoveryDescription: { PointInTimeRecoveryStatus: "ENABLED" },
    },
  },
  DescribeTimeToLive: { TimeToLiveDescription: { TimeToLiveStatus: "ENABLED" } },
  DescribeLogGroups: { logGroups: [{ logGroupName: "IngestLogs", retentionInDays: 30 }] },
} as const;

/** Runs `verify` against such a stack, in which these answers differ. */
async function verified(
  differing: Readonly<Partial<Record<keyof typeof FINE, object | Error>>> = {},
  { ring = true, credential = SECRET }: { ring?: boolean; credential?: string | null } = {},
) {
  const recorded = { Items: [{ receivedAt: { N: String(Date.now()) } }] };
  const answering = anAnsweringStack({ ...FINE, Query: recorded, ...differing });
  const stack = { ...answering, webhookUrl, payloadBucketName: "PayloadBucket" };
  const terminal = new KeptTerminal();
  const environment = credential === null ? {} : { ALLOY_WEBHOOK_AUTHORIZATION: credential };
  const options = { ring, environment, wait: () => Promise.resolve() };
  const error: unknown = await verify(stack, options, terminal).then(
    () => null,
    (reason: unknown) => reason,
  );
  return { error, text: terminal.text };
}

describe("verify", () => {
  it("ends well where nothing is wrong, and prints no credential", async () => {
    const { error, text } = await verified();

    expect(error).toBeNull();
    expect(text.match(/^✔/gm)).toHaveLength(11);
    expect(text).not.toContain(SECRET);
  });

  it("has nothing rung unless asked to, and says so", async () => {
    const { error, text } = await verified({ SetAlarmState: new Error("rung") }, { ring: false });

    expect(error).toBeNull();
    expect(text).toMatch(/^! test alarms +not rung/m);
  });

  it.each<[string, Parameters<typeof verified>[0], RegExp]>([
    ["recorded", { Query: { Items: [] } }, /not in the table after a minute/],
    ["clock", { Query: FINE.Query }, /-\d+ s/],
    ["on the bus", { GetItem: { Item: { status: { S: "INPROGRESS" } } } }, /not published/],
    ["Alloy's API", probe("unauthorized"), /unauthorized/],
    ["Alloy's API", probe("timeout"), /timeout/],
    ["Alloy's API", { Invoke: payload({ due: 0, left: 0 }) }, /older than this tool/],
    [
      "alarm channels",
      { ListSubscriptionsByTopic: { Subscriptions: [{ SubscriptionArn: "PendingConfirmation" }] } },
      /not confirmed: PageTopic/,
    ],
    [
      "test alarms",
      {
        DescribeAlarmHistory: {
          AlarmHistoryItems: [{ HistorySummary: "Failed to execute action" }],
        },
      },
      /nothing was sent of: applications-unknown, applications-stale/,
    ],
    ["test alarms", { DescribeAlarmHistory: {} }, /nothing was sent of/],
    ["alarms", { DescribeAlarms: {} }, /there is none/],
    [
      "encryption",
      { GetQueueAttributes: { Attributes: { MessageRetentionPeriod: "1209600" } } },
      /not: EventQueue/,
    ],
    ["encryption", { GetTopicAttributes: {} }, /not: PageTopic/],
    [
      "encryption",
      { DescribeTable: { Table: { SSEDescription: { Status: "DISABLED" } } } },
      /not: ApplicationTable/,
    ],
    ["retention", { DescribeContinuousBackups: {} }, /not: ApplicationTable/],
    ["retention", { DescribeTimeToLive: {} }, /not: ApplicationTable/],
    ["retention", { DescribeLogGroups: {} }, /not: IngestLogs/],
    ["retention", { GetBucketLifecycleConfiguration: {} }, /not: PayloadBucket/],
    [
      "retention: large webhooks do not end",
      { GetBucketLifecycleConfiguration: { Rules: [endOf("polls/")] } },
      /not: PayloadBucket/,
    ],
    [
      "retention: bodies under a legal hold end",
      { GetBucketLifecycleConfiguration: { Rules: [endOf("")] } },
      /not: PayloadBucket/,
    ],
    [
      "retention",
      { GetQueueAttributes: { Attributes: { SqsManagedSseEnabled: "true" } } },
      /not: EventQueue/,
    ],
    [
      "encryption",
      { GetTopicAttributes: new Error("AccessDenied") },
      /could not be read \(AccessDenied\)/,
    ],
  ])("ends in an error whose sentence names %s, when %j", async (check, differing, says) => {
    const { error, text } = await verified(differing);

    expect(String(error)).toContain(`Not ready: ${check.split(":")[0]}.`);
    expect(text.split("\n").find((line) => line.startsWith("✘"))).toMatch(says);
  });

  it("names what has no subscriber, what rings and what is blind, without calling the stack unready", async () => {
    const alarm = (AlarmName: string, StateValue: string) => ({
      DescribeAlarms: { MetricAlarms: [{ AlarmName, StateValue }] },
    });

    const silent = await verified({ ListSubscriptionsByTopic: { Subscriptions: [] } });
    const ringing = await verified(alarm("AlloyJourneyWebhooks-test-delivery-gap", "ALARM"));
    const blind = await verified(alarm("AlloyJourneyWebhooks-test-one", "INSUFFICIENT_DATA"));

    expect([silent.error, ringing.error, blind.error]).toEqual([null, null, null]);
    expect(silent.text).toMatch(/^! alarm channels +nobody: PageTopic/m);
    expect(ringing.text).toMatch(/^! alarms +ringing: delivery-gap/m);
    expect(blind.text).toMatch(/^! alarms +INSUFFICIENT_DATA: one/m);
  });

  it("sends nothing authentic without a credential, or with one that is refused", async () => {
    const without = await verified({}, { credential: null });
    authentic = 401;
    const refused = await verified();
    authentic = 200;

    expect(String(without.error)).toContain("Not ready: a webhook.");
    expect(without.text).toContain("set ALLOY_WEBHOOK_AUTHORIZATION");
    expect(refused.text).toContain("fill WebhookSecret");
  });

  it("finds an endpoint that lets a stranger in", async () => {
    stranger = 200;
    const { error } = await verified();
    stranger = 401;

    expect(String(error)).toContain("Not ready: a stranger.");
  });
});

function payload(report: object) {
  return { Payload: { transformToString: () => JSON.stringify(report) } };
}

function probe(answer: string) {
  return { Invoke: payload({ dryRun: true, probe: answer }) };
}
