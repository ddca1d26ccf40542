import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  CreateStackCommand,
  paginateListStackResources,
  waitUntilStackCreateComplete,
} from "@aws-sdk/client-cloudformation";
import { BatchWriteItemCommand, paginateScan } from "@aws-sdk/client-dynamodb";
import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { GetSecretValueCommand, PutSecretValueCommand } from "@aws-sdk/client-secrets-manager";
import { CreateBucketCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { ReceiveMessageCommand, SendMessageCommand } from "@aws-sdk/client-sqs";
import * as v from "valibot";
import { expect, it, onTestFinished } from "vitest";
import { bootstrap } from "../../tools/local/emulator/bootstrap.ts";
import { ACCOUNT, deployWithCdk, STACK_NAME } from "../../tools/local/emulator/cdk.ts";
import { makeClients } from "../../tools/local/emulator/clients.ts";
import type { Clients } from "../../tools/local/emulator/clients.ts";
import { emulatorProbes } from "../../tools/local/emulator/emulator-probes.ts";
import { CREDENTIALS, REGION, startEmulator } from "../../tools/local/emulator/emulator.ts";
import { findEmulator } from "../../tools/local/emulator/find-emulator.ts";
import { freePorts } from "../../tools/local/emulator/ports.ts";
import { wholeTemplate } from "../../tools/release/recorded.ts";
import { readReleased } from "../support/released.ts";
import { makeRunOps } from "../support/run-ops.ts";
import { hasEmulator } from "./deployed/deployments.ts";

/** A new version of a function is a new resource. */
const MADE_ANEW = new Set(["AWS::Lambda::Version"]);

/** A function with a code that does nothing. */
const FunctionSchema = v.pipe(
  v.looseObject({ Type: v.string(), Properties: v.looseObject({ Code: v.unknown() }) }),
  v.transform(({ Properties, ...others }) => ({
    ...others,
    Properties: { ...Properties, Code: { ZipFile: "exports.handler = async () => ({});" } },
  })),
);

const FILLED = '{"basic":[{"username":"alloy","password":"of the last release"}],"hmac":[]}';

type Item = Record<string, AttributeValue>;

it("an upgrade of the last release's stack keeps what is stored, queued and secret, under the same names", async ({
  skip,
}) => {
  skip(!(await hasEmulator()));
  const { endpoint, folder, signal } = await anEmulator();
  const clients = makeClients(endpoint);
  await createStackOfLastRelease(clients, endpoint);
  const before = await resourcesOf(clients);
  // What its day left behind: half of it not settled, some of it in flight.
  const released = readReleased(new URL("../fixtures/stored/0.2.0.json", import.meta.url));
  await put(clients, before.ApplicationTable, released.applicationItems);
  await put(clients, before.IdempotencyTable, released.idempotencyItems);
  await clients.secrets.send(
    new PutSecretValueCommand({ SecretId: before.WebhookSecret, SecretString: FILLED }),
  );
  const letter = { QueueUrl: before.DeadLetterQueue, MessageBody: "of the last release" };
  await clients.sqs.send(new SendMessageCommand(letter));

  // The last release was deployed into the same account.
  await bootstrap(endpoint, ACCOUNT, signal);
  const outputs = await deployWithCdk(
    endpoint,
    // Nobody listens there, and nothing is asked.
    { alloyBaseUrl: "http://127.0.0.1:9/v1", timeScale: 1, investigations: "off" },
    { folder, signal },
  );

  expect(await resourcesOf(clients)).toMatchObject(before);
  expect(outputs).toMatchObject({
    ApplicationTableName: before.ApplicationTable,
    IdempotencyTableName: before.IdempotencyTable,
    PayloadBucketName: before.PayloadBucket,
    DeadLetterQueueUrl: before.DeadLetterQueue,
    WebhookSecretArn: before.WebhookSecret,
  });
  const stored = await itemsOf(clients, outputs.ApplicationTableName);
  expect(released.applicationItems.length).toBeGreaterThan(50);
  expect(lostOrChanged(released.applicationItems, stored)).toEqual([]);
  expect(await itemsOf(clients, outputs.IdempotencyTableName)).toHaveLength(
    released.idempotencyItems.length,
  );
  const secret = new GetSecretValueCommand({ SecretId: outputs.WebhookSecretArn });
  expect((await clients.secrets.send(secret)).SecretString).toBe(FILLED);
  const basic = { username: "alloy", password: "of the last release" };
  const webhookUrl = outputs.WebhookUrl;
  const ops = makeRunOps({ endpoint, region: REGION, webhookUrl, basic, outputs });
  const shown = released.applicationItems.filter(({ sk }) => sk?.S === "STATE");
  expect(shown.length).toBeGreaterThan(20);
  for (const { applicationToken } of shown) {
    const token = applicationToken?.S ?? "";
    expect(await ops("show", token)).toMatchObject({
      code: 0,
      errors: "",
      output: expect.stringContaining(token),
    });
  }
  const receive = new ReceiveMessageCommand({ QueueUrl: outputs.DeadLetterQueueUrl });
  expect((await clients.sqs.send(receive)).Messages).toMatchObject([{ Body: letter.MessageBody }]);
});

/** The keys of items that are gone, or of events that are not what they were. The poller may go on with a state. */
function lostOrChanged(before: readonly Item[], after: readonly Item[]): readonly string[] {
  const keyOf = (item: Item) => `${item["pk"]?.S} ${item["sk"]?.S}`;
  const found = new Map(after.map((item) => [keyOf(item), item]));
  return before
    .filter((item) => {
      const now = found.get(keyOf(item));
      const isEvent = item["sk"]?.S?.startsWith("EVENT#") === true;
      return now === undefined || (isEvent && textOf(now) !== textOf(item));
    })
    .map(keyOf);
}

/** Whatever the order of its attributes, and whichever class its bytes have. */
function textOf(item: Item): string {
  const attributes = Object.entries(item).map(
    ([name, value]) =>
      `${name} ${value.B === undefined ? JSON.stringify(value) : Buffer.from(value.B).toString("base64")}`,
  );
  return attributes.toSorted().join("\n");
}

async function anEmulator() {
  const folder = mkdtempSync(join(tmpdir(), "upgrade-"));
  const aborter = new AbortController();
  const { signal } = aborter;
  const source = await findEmulator(emulatorProbes(process.env, () => undefined, signal));
  if (source.kind === "running") throw new Error("It needs an emulator with nothing in it.");
  const [port = 0] = await freePorts(1);
  const emulator = await startEmulator(source, { port, folder, signal });
  onTestFinished(async () => {
    await emulator.process.kill();
    rmSync(folder, { recursive: true, force: true });
  });
  return { endpoint: emulator.endpoint, folder, signal };
}

/** The whole of it, but for the code of its functions: nobody calls them before the upgrade. */
async function createStackOfLastRelease(
  { cloudFormation }: Clients,
  endpoint: string,
): Promise<void> {
  const { Resources, Outputs } = wholeTemplate().template;
  const resources = Object.entries(Resources).map(([id, resource]) => [
    id,
    resource.Type === "AWS::Lambda::Function" ? v.parse(FunctionSchema, resource) : resource,
  ]);
  await cloudFormation.send(
    new CreateStackCommand({
      StackName: STACK_NAME,
      Capabilities: ["CAPABILITY_NAMED_IAM"],
      TemplateURL: await urlOf({ Resources: Object.fromEntries(resources), Outputs }, endpoint),
    }),
  );
  await waitUntilStackCreateComplete(
    { client: cloudFormation, maxWaitTime: 600, minDelay: 1, maxDelay: 1 },
    { StackName: STACK_NAME },
  );
}

/** Where a template stands that is too long for a request, as the CDK's are. */
async function urlOf(template: object, endpoint: string): Promise<string> {
  const credentials = CREDENTIALS;
  const s3 = new S3Client({ endpoint, region: REGION, credentials, forcePathStyle: true });
  const [Bucket, Key] = ["templates", "last-release.json"];
  await s3.send(new CreateBucketCommand({ Bucket }));
  await s3.send(new PutObjectCommand({ Bucket, Key, Body: JSON.stringify(template) }));
  s3.destroy();
  return `${endpoint}/${Bucket}/${Key}`;
}

/** The physical id of everything, by its logical id. */
async function resourcesOf({ cloudFormation }: Clients): Promise<Readonly<Record<string, string>>> {
  const found: [string, string][] = [];
  const pages = paginateListStackResources({ client: cloudFormation }, { StackName: STACK_NAME });
  for await (const { StackResourceSummaries = [] } of pages) {
    for (const {
      LogicalResourceId: id = "",
      PhysicalResourceId: name = "",
      ResourceType: type = "",
    } of StackResourceSummaries) {
      if (!MADE_ANEW.has(type)) found.push([id, name]);
    }
  }
  expect(found.length).toBeGreaterThan(100);
  return Object.fromEntries(found);
}

async function put(
  { dynamo }: Clients,
  table: string | undefined,
  items: readonly Item[],
): Promise<void> {
  for (let at = 0; at < items.length; at += 25) {
    const requests = items.slice(at, at + 25).map((item) => ({ PutRequest: { Item: item } }));
    await dynamo.send(new BatchWriteItemCommand({ RequestItems: { [String(table)]: requests } }));
  }
}

async function itemsOf({ dynamo }: Clients, table: string): Promise<readonly Item[]> {
  const items: Item[] = [];
  for await (const page of paginateScan({ client: dynamo }, { TableName: table })) {
    items.push(...(page.Items ?? []));
  }
  return items;
}
