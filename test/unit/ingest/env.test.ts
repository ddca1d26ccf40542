import { describe, expect, it } from "vitest";

import { readAwsCredentials } from "../../../lambdas/environment.ts";
import { readIngestEnvironment } from "../../../lambdas/ingest/env.ts";

const COMPLETE = {
  STAGE: "sandbox",
  AWS_REGION: "us-east-1",
  EVENT_QUEUE_URL: "https://sqs.us-east-1.amazonaws.com/123456789012/events",
  PAYLOAD_BUCKET_NAME: "payloads",
  WEBHOOK_SECRET_ARN: "arn:aws:secretsmanager:us-east-1:123456789012:secret:webhook",
  AUTH_MODE: "secret",
  ALLOW_LIST: `{"mode":"observe","cidrs":["52.7.221.27/32"]}`,
};

describe("the environment of ingest", () => {
  it("is read", () => {
    const environment = readIngestEnvironment(COMPLETE);

    expect(environment).toEqual({
      stage: "sandbox",
      region: "us-east-1",
      eventQueueUrl: COMPLETE.EVENT_QUEUE_URL,
      payloadBucketName: "payloads",
      webhookSecretArn: COMPLETE.WEBHOOK_SECRET_ARN,
      auth: "secret",
      allowList: { mode: "observe", cidrs: ["52.7.221.27/32"] },
      endpoints: { sqs: undefined, s3: undefined, secretsManager: undefined },
    });
  });

  it("names all that is missing at once", () => {
    expect(() => readIngestEnvironment({ ...COMPLETE, STAGE: "", ALLOW_LIST: undefined })).toThrow(
      "STAGE, ALLOW_LIST",
    );
  });

  it("refuses another way to authenticate", () => {
    expect(() => readIngestEnvironment({ ...COMPLETE, AUTH_MODE: "none" })).toThrow(
      `AUTH_MODE is "none"; it must be "secret" or "jwt"`,
    );
  });

  it("reads what a token must say", () => {
    const jwt = { issuer: "https://login.example.com", audience: ["alloy"], scopes: ["send"] };

    const { auth } = readIngestEnvironment({
      ...COMPLETE,
      AUTH_MODE: "jwt",
      JWT: JSON.stringify(jwt),
    });

    expect(auth).toEqual({ jwt });
  });

  it.each([
    undefined,
    "null",
    "{",
    `{"issuer":"https://login.example.com","audience":["alloy"]}`,
    `{"issuer":"https://login.example.com","audience":["alloy"],"scopes":[]}`,
    `{"issuer":"https://login.example.com","audience":[],"scopes":["send"]}`,
    `{"issuer":1,"audience":["alloy"],"scopes":["send"]}`,
  ])("does not start in JWT mode without all of that: %s", (JWT) => {
    expect(() => readIngestEnvironment({ ...COMPLETE, AUTH_MODE: "jwt", JWT })).toThrow(/^JWT is /);
  });

  it.each([
    "[]",
    "null",
    `{"mode":"off","cidrs":[]}`,
    `{"mode":"observe"}`,
    `{"mode":"observe","cidrs":[1]}`,
    "{",
  ])("refuses the allow-list %s", (value) => {
    expect(() => readIngestEnvironment({ ...COMPLETE, ALLOW_LIST: value })).toThrow(
      `ALLOW_LIST is ${value}`,
    );
  });

  it("takes one endpoint for all services, and one service's own before it", () => {
    const { endpoints } = readIngestEnvironment({
      ...COMPLETE,
      AWS_ENDPOINT_URL: "http://127.0.0.1:4566",
      AWS_ENDPOINT_URL_S3: "http://127.0.0.1:9000",
    });

    expect(endpoints).toEqual({
      sqs: "http://127.0.0.1:4566",
      s3: "http://127.0.0.1:9000",
      secretsManager: "http://127.0.0.1:4566",
    });
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
