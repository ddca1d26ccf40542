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
import { ReceiveMessageCommand, SendMessageCommand } from "@aws-sdk/client-sqs";
import { expect, it, onTestFinished } from "vitest";
import { deployWithCdk, STACK_NAME } from "../../tools/local/emulator/cdk.ts";
import { makeClients } from "../../tools/local/emulator/clients.ts";
import type { Clients } from "../../tools/local/emulator/clients.ts";
import { emulatorProbes } from "../../tools/local/emulator/emulator-probes.ts";
import { startEmulator } from "../../tools/local/emulator/emulator.ts";
import { findEmulator } from "../../tools/local/emulator/find-emulator.ts";
import { freePorts } from "../../tools/local/emulator/ports.ts";
import { recordedTemplate } from "../../tools/release/recorded.ts";
import type { StackTemplate } from "../../tools/template/synthesise.ts";
import { local } from "../../tools/template/variants.ts";
import { readReleased } from "../support/released.ts";
import { templateOf } from "../support/template.ts";
import { isSkipped } from "./deployed/stack.ts";

/** What holds data, or has something in it that a deployment must not take. */
const DATA = [
  "AWS::DynamoDB::GlobalTable",
  "AWS::KMS::Key",
  "AWS::S3::Bucket",
  "AWS::SecretsManager::Secret",
  "AWS::SNS::Topic",
  "AWS::SQS::Queue",
];

const FILLED = '{"basic":[{"username":"alloy","password":"of the last release"}],"hmac":[]}';

type Item = Record<string, AttributeValue>;

it.skipIf(isSkipped)(
  "an upgrade of the last release's stack keeps what is stored, queued and secret, under the same names",
  async () => {
    const { endpoint, folder, signal } = await anEmulator();
    const clients = makeClients(endpoint);
    await createStackOfLastRelease(clients);
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
    const receive = new ReceiveMessageCommand({ QueueUrl: outputs.DeadLetterQueueUrl });
    expect((await clients.sqs.send(receive)).Messages).toMatchObject([
      { Body: letter.MessageBody },
    ]);
  },
);

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

/**
 * What of a resource is not recorded, a release may change in place: it is as it is now, under what the last release had
 * (test/infra/update-safety.test.ts compares that).
 */
async function createStackOfLastRelease({ cloudFormation }: Clients): Promise<void> {
  const recorded = recordedTemplate("local");
  if (recorded === undefined) throw new Error("The last release has no stage local.");
  const now = new Map(templateOf(local).resources.map((one) => [one.logicalId, one]));
  const resources = ofData(recorded).map(({ logicalId, Type, Properties }) => [
    logicalId,
    { Type, Properties: { ...now.get(logicalId)?.Properties, ...Properties } },
  ]);
  await cloudFormation.send(
    new CreateStackCommand({
      StackName: STACK_NAME,
      TemplateBody: JSON.stringify({ Resources: Object.fromEntries(resources) }),
    }),
  );
  await waitUntilStackCreateComplete(
    { client: cloudFormation, maxWaitTime: 60, minDelay: 1, maxDelay: 1 },
    { StackName: STACK_NAME },
  );
}

function ofData({ resources }: StackTemplate) {
  return resources.filter(({ Type }) => DATA.includes(Type));
}

/** The physical id of everything that holds data, by its logical id. */
async function resourcesOf({ cloudFormation }: Clients): Promise<Readonly<Record<string, string>>> {
  const found: [string, string][] = [];
  const pages = paginateListStackResources({ client: cloudFormation }, { StackName: STACK_NAME });
  for await (const { StackResourceSummaries = [] } of pages) {
    for (const {
      LogicalResourceId: id = "",
      PhysicalResourceId: name = "",
      ResourceType: type = "",
    } of StackResourceSummaries) {
      if (DATA.includes(type)) found.push([id, name]);
    }
  }
  expect(found.length).toBeGreaterThan(20);
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
