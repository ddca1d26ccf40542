import { createHash } from "node:crypto";

import { AwsV4Signer } from "aws4fetch";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { makeSigner } from "../../../lambdas/adapters/aws-http/aws-signature.ts";
import type {
  AwsCredentials,
  UnsignedRequest,
} from "../../../lambdas/adapters/aws-http/aws-signature.ts";
import { anyText } from "../../support/any-text.ts";

const REGION = "eu-central-1";
const CREDENTIALS: AwsCredentials = {
  accessKeyId: "AKIDEXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
  sessionToken: "token",
};
const AT = new Date("2026-11-23T20:00:00.000Z");

const aRequest: UnsignedRequest = {
  method: "POST",
  host: "sqs.eu-central-1.amazonaws.com",
  path: "/",
  headers: {
    "content-type": "application/x-amz-json-1.0",
    "x-amz-target": "AmazonSQS.SendMessage",
  },
  body: "{}",
};

/** The same signature by a library that others have tested. */
async function byAws4fetch(
  service: string,
  request: UnsignedRequest,
  credentials: AwsCredentials,
  at: Date,
): Promise<string | null> {
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  const signer = new AwsV4Signer({
    method: request.method,
    url: `https://${request.host}${request.path}`,
    headers: {
      ...request.headers,
      "x-amz-content-sha256": createHash("sha256").update(request.body).digest("hex"),
    },
    accessKeyId,
    secretAccessKey,
    ...(sessionToken !== undefined && { sessionToken }),
    service,
    region: REGION,
    datetime: at.toISOString().replace(/[-:]|\.\d{3}/g, ""),
    allHeaders: true,
  });
  const signed = await signer.sign();
  return signed.headers.get("authorization");
}

describe("the signature of an AWS call", () => {
  it("is what aws4fetch makes of any request that we send", async () => {
    const sign = makeSigner(REGION);
    const key = fc.stringMatching(/^[A-Za-z0-9/+]{1,64}$/);

    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom("sqs", "s3", "secretsmanager"),
        fc.oneof(fc.string(), anyText(), fc.uint8Array()),
        fc.stringMatching(/^[A-Za-z0-9=_-]{1,30}$/),
        fc.record({
          accessKeyId: key,
          secretAccessKey: key,
          sessionToken: fc.option(key, { nil: undefined }),
        }),
        fc.date({ min: new Date("2020-01-01"), max: new Date("2099-12-31"), noInvalidDate: true }),
        async (service, body, name, credentials, at) => {
          const isPut = service === "s3";
          const request: UnsignedRequest = {
            ...aRequest,
            method: isPut ? "PUT" : "POST",
            path: isPut ? `/webhooks/2026-11-23/${encodeURIComponent(name)}` : "/",
            body,
          };

          const headers = sign(service, request, credentials, at);

          expect(headers["authorization"]).toBe(
            await byAws4fetch(service, request, credentials, at),
          );
        },
      ),
      { numRuns: 100 },
    );
  });

  it("follows credentials that change within a day", async () => {
    const sign = makeSigner(REGION);
    const renewed = { ...CREDENTIALS, secretAccessKey: "renewed" };
    sign("sqs", aRequest, CREDENTIALS, AT);

    const headers = sign("sqs", aRequest, renewed, AT);

    expect(headers["authorization"]).toBe(await byAws4fetch("sqs", aRequest, renewed, AT));
  });

  it("follows the day", async () => {
    const sign = makeSigner(REGION);
    const tomorrow = new Date("2026-11-24T00:00:00.000Z");
    sign("sqs", aRequest, CREDENTIALS, AT);

    const headers = sign("sqs", aRequest, CREDENTIALS, tomorrow);

    expect(headers["authorization"]).toBe(
      await byAws4fetch("sqs", aRequest, CREDENTIALS, tomorrow),
    );
  });
});
