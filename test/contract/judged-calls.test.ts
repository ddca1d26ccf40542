import { mkdtempSync, rmSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";

import { DynamoDBClient, QueryCommand } from "@aws-sdk/client-dynamodb";
import * as v from "valibot";
import { afterAll, describe, expect, it, onTestFinished } from "vitest";

import { makeClients } from "../../tools/local/emulator/clients.ts";
import { judgeCalls } from "../../tools/local/emulator/judged-calls.ts";
import { roleOf } from "../../tools/strict-aws/iam/declared-calls.ts";
import type { FunctionName } from "../../tools/strict-aws/iam/declared-calls.ts";
import { isRecord, listOf, referredId } from "../../tools/template/template.ts";
import type { TemplateResource } from "../../tools/template/template.ts";
import { sandboxPolicies } from "../support/iam.ts";
import { startLocalServer } from "../support/local-server.ts";
import { takeRefusals } from "../support/take-refusals.ts";

const UpdateSchema = v.object({
  Environment: v.object({ Variables: v.record(v.string(), v.string()) }),
});

/** Longer names are cut by CloudFormation: a function is not known by the end of its logical id. */
const nameOf = (logicalId: string) => `stack-${logicalId.slice(0, 24)}-1A2B3C`;

const folder = mkdtempSync(join(tmpdir(), "judged-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** A stack in an emulator that takes every call, with each function's calls judged. */
async function aStack(resources: readonly TemplateResource[] = sandboxPolicies().stack.resources) {
  const taken: string[] = [];
  const variables = new Map<string, Readonly<Record<string, string>>>();
  const template = {
    Resources: Object.fromEntries(resources.map((one) => [one.logicalId, one])),
    Outputs: {},
  };
  const answerTo = (request: IncomingMessage, body: string): string => {
    const [, name] = /\/functions\/([^/]+)\/configuration/.exec(request.url ?? "") ?? [];
    const { Action } = Object.fromEntries(new URLSearchParams(body));
    if (name !== undefined && request.method === "PUT") {
      variables.set(name, v.parse(UpdateSchema, JSON.parse(body)).Environment.Variables);
      return "{}";
    }
    if (name !== undefined) {
      const Variables = {
        QUEUE_URL: `${emulator.url.replace("127.0.0.1", "localhost")}/000000000000/events`,
        OTHER: "https://api.example.com",
      };
      return JSON.stringify({ Environment: { Variables } });
    }
    if (Action === "GetTemplate") {
      return answerOf(Action, `<TemplateBody>${xml(JSON.stringify(template))}</TemplateBody>`);
    }
    if (Action === "ListStackResources") return answerOf(Action, summariesOf(resources));
    taken.push(String(request.headers["x-amz-target"]));
    return "{}";
  };
  const emulator = await startLocalServer((request, response) => {
    void text(request).then((body) => response.end(answerTo(request, body)));
  });
  const endpoint = emulator.url;
  const refusalsFile = join(mkdtempSync(join(folder, "run-")), "refusals.log");
  const told: string[] = [];
  const judged = await judgeCalls(makeClients(endpoint), {
    endpoint,
    server: { host: "127.0.0.1", port: Number(new URL(endpoint).port) },
    host: "127.0.0.1",
    refusalsFile,
    onRefused: (sentence) => told.push(sentence),
  });
  onTestFinished(async () => {
    await judged.stop();
    await emulator.close();
  });
  const variablesOf = (name: FunctionName) => variables.get(nameOf(idOf(name))) ?? {};
  return {
    judged,
    taken,
    told,
    refusalsFile,
    variablesOf,
    /** The same call, whoever makes it. @returns the name of its error, or null. */
    query: async (by: FunctionName): Promise<string | null> => {
      const client = new DynamoDBClient({
        endpoint: variablesOf(by)["AWS_ENDPOINT_URL"] ?? "",
        region: "us-east-1",
        // One key for all: the function is known by its port.
        credentials: { accessKeyId: "000000000000", secretAccessKey: "test" },
        maxAttempts: 1,
      });
      const command = new QueryCommand({
        TableName: nameOf("ApplicationTable"),
        KeyConditionExpression: "pk = :pk",
        ExpressionAttributeValues: { ":pk": { S: "APPLICATION#JA-1" } },
      });
      return client.send(command).then(
        () => null,
        (error: Error) => error.name,
      );
    },
  };
}

function answerOf(action: string, result: string): string {
  return `<${action}Response><${action}Result>${result}</${action}Result></${action}Response>`;
}

function summariesOf(resources: readonly TemplateResource[]): string {
  const members = resources.map(
    ({ logicalId, Type }) =>
      `<member><LogicalResourceId>${logicalId}</LogicalResourceId><PhysicalResourceId>${nameOf(logicalId)}</PhysicalResourceId><ResourceType>${Type}</ResourceType></member>`,
  );
  return `<StackResourceSummaries>${members.join("")}</StackResourceSummaries>`;
}

function xml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function idOf(name: FunctionName): string {
  const role = roleOf(name, sandboxPolicies());
  const found = sandboxPolicies()
    .stack.ofType("AWS::Lambda::Function")
    .find(({ Properties }) => referredId(Properties["Role"]) === role);
  return found?.logicalId ?? "";
}

/** The template's resources, without one action of a function's role. */
function without(action: string, name: FunctionName): readonly TemplateResource[] {
  const { stack } = sandboxPolicies();
  const role = roleOf(name, sandboxPolicies());
  return stack.resources.map((resource) => {
    const { Roles, PolicyDocument } = resource.Properties;
    const isIts = listOf(Roles).some((one) => referredId(one) === role);
    if (!isIts || !isRecord(PolicyDocument)) return resource;
    const Statement = listOf(PolicyDocument["Statement"])
      .filter(isRecord)
      .map((one) => ({ ...one, Action: listOf(one["Action"]).filter((it) => it !== action) }))
      .filter(({ Action }) => Action.length > 0);
    const Properties = { ...resource.Properties, PolicyDocument: { ...PolicyDocument, Statement } };
    return { ...resource, Properties };
  });
}

describe("the functions in an emulator", () => {
  it("call through a proxy of their own, and so do the SDKs that go by a queue's URL", async () => {
    const { variablesOf } = await aStack();

    const proxies = (["ingest", "consumer", "poller"] as const).map((name) => {
      const { AWS_ENDPOINT_URL = "", QUEUE_URL, OTHER } = variablesOf(name);
      expect(QUEUE_URL).toBe(`${AWS_ENDPOINT_URL}/000000000000/events`);
      expect(OTHER).toBe("https://api.example.com");
      return AWS_ENDPOINT_URL;
    });
    expect(new Set(proxies).size).toBe(3);
  });

  it("may do what their own role may, and no more", async () => {
    const { judged, taken, query } = await aStack();

    expect([await query("consumer"), await query("ingest")]).toEqual([
      null,
      "AccessDeniedException",
    ]);
    expect(taken).toEqual(["DynamoDB_20120810.Query"]);
    expect(judged.count()).toEqual({ calls: 2, distinct: 2, refused: 1 });
  });

  it("are refused a right that the deployed template does not grant, and the test is told of it once", async () => {
    const { refusalsFile, told, query } = await aStack(without("dynamodb:Query", "consumer"));

    expect(takeRefusals(refusalsFile)).toEqual([]);
    expect(await query("consumer")).toBe("AccessDeniedException");

    const [refusal = "", ...more] = takeRefusals(refusalsFile);
    expect(refusal).toContain(`${idOf("consumer")}: ${roleOf("consumer", sandboxPolicies())} `);
    expect(refusal).toContain("dynamodb:Query arn:aws:dynamodb:");
    expect(refusal).toContain("table/ApplicationTable: no statement allows it");
    expect(more).toEqual([]);
    expect(told).toEqual([`AWS would refuse this: ${refusal}`]);
    expect(takeRefusals(refusalsFile)).toEqual([]);
  });

  it("are told a line of which CloudWatch takes no metrics", async () => {
    const { judged, refusalsFile } = await aStack();
    const directive = {
      Namespace: "N",
      Dimensions: [["Stage"]],
      Metrics: [{ Name: "M", Unit: "Count" }],
    };
    const line = (value: unknown) =>
      JSON.stringify({
        _aws: { Timestamp: Date.now(), CloudWatchMetrics: [directive] },
        Stage: "s",
        M: value,
      });

    for (const value of [1, Array.from({ length: 101 }, () => 1)]) judged.judgeLine(line(value));
    judged.judgeLine("no line of metrics");

    expect(takeRefusals(refusalsFile)).toEqual([
      expect.stringContaining("CloudWatch takes no metrics of a line"),
    ]);
    expect(judged.count().refused).toBe(1);
  });
});
