import { describe, expect, it } from "vitest";

import { readAwsCredentials } from "../../../lambdas/environment.ts";
import { readIngestEnvironment } from "../../../lambdas/ingest/env.ts";

const COMPLETE = {
  STAGE: "sandbox",
  AWS_REGION: "us-east-1",
  EVENT_QUEUE_URL: "https://sqs.us-east-1.amazonaws.com/123456789012/events",
  PAYLOAD_BUCKET_NAME: "payloads",
  WEBHOOK_SECRET_ARN: "arn:aws:secretsmanager:us-east-1:123456789012:secret:webhook",
};
const SETTINGS = {
  auth: "secret",
  allowList: { mode: "observe", cidrs: ["52.7.221.27/32"] },
  countsStored: false,
};
const JWT = { issuer: "https://login.example.com", audience: ["alloy"], scopes: ["send"] };

describe("the environment of ingest", () => {
  it("is read", () => {
    const environment = readIngestEnvironment(COMPLETE, SETTINGS);

    expect(environment).toEqual({
      stage: "sandbox",
      region: "us-east-1",
      eventQueueUrl: COMPLETE.EVENT_QUEUE_URL,
      payloadBucketName: "payloads",
      webhookSecretArn: COMPLETE.WEBHOOK_SECRET_ARN,
      auth: "secret",
      allowList: { mode: "observe", cidrs: ["52.7.221.27/32"] },
      countsStored: false,
      endpoints: { sqs: undefined, s3: undefined, secretsManager: undefined },
    });
  });

  it("names all that is missing at once", () => {
    const incomplete = { ...COMPLETE, STAGE: "", WEBHOOK_SECRET_ARN: undefined };

    expect(() => readIngestEnvironment(incomplete, SETTINGS)).toThrow("STAGE, WEBHOOK_SECRET_ARN");
  });

  it("reads what a token must say", () => {
    const { auth } = readIngestEnvironment(COMPLETE, { ...SETTINGS, auth: { jwt: JWT } });

    expect(auth).toEqual({ jwt: JWT });
  });

  it.each([
    undefined,
    null,
    "none",
    { jwt: null },
    { jwt: { ...JWT, scopes: undefined } },
    { jwt: { ...JWT, scopes: [] } },
    { jwt: { ...JWT, audience: [] } },
    { jwt: { ...JWT, issuer: 1 } },
  ])("does not start with another way to authenticate, or with half of one: %j", (auth) => {
    expect(() => readIngestEnvironment(COMPLETE, { ...SETTINGS, auth })).toThrow(
      /^The settings' auth is /,
    );
  });

  it.each([
    [],
    null,
    "text",
    { mode: "off", cidrs: [] },
    { mode: "observe" },
    { mode: "observe", cidrs: [1] },
  ])("refuses the allow-list %j", (allowList) => {
    expect(() => readIngestEnvironment(COMPLETE, { ...SETTINGS, allowList })).toThrow(
      `allowList is ${JSON.stringify(allowList)}`,
    );
  });

  it.each([null, [], "text", {}])("refuses settings that are none: %j", (settings) => {
    expect(() => readIngestEnvironment(COMPLETE, settings)).toThrow("auth is undefined");
  });

  it("takes one endpoint for all services, and one service's own before it", () => {
    const [all, s3] = ["http://127.0.0.1:4566", "http://127.0.0.1:9000"];
    const environment = { ...COMPLETE, AWS_ENDPOINT_URL: all, AWS_ENDPOINT_URL_S3: s3 };

    const { endpoints } = readIngestEnvironment(environment, SETTINGS);

    expect(endpoints).toEqual({ sqs: all, s3, secretsManager: all });
  });
});

describe("the credentials of the function", () => {
  it("are the environment's", () => {
    const environment = {
      AWS_ACCESS_KEY_ID: "id",
      AWS_SECRET_ACCESS_KEY: "key",
      AWS_SESSION_TOKEN: "token",
    };

    expect(readAwsCredentials(environment)).toEqual({
      accessKeyId: "id",
      secretAccessKey: "key",
      sessionToken: "token",
    });
  });

  it("are none when half of them is missing", () => {
    expect(readAwsCredentials({ AWS_ACCESS_KEY_ID: "id" })).toBeUndefined();
  });
});
