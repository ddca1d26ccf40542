import { NoSuchKey, S3 } from "@aws-sdk/client-s3";
import { describe, expect, test } from "vitest";

import { S3PayloadReader } from "../../lambdas/adapters/s3-payload-reader.ts";
import { PermanentError, TransientError } from "../../lambdas/domain/errors.ts";
import { anAwsError } from "../support/fake-bus.ts";
import { answered } from "../../tools/cloud-in-memory/clients.ts";

const KEY = "webhooks/2026-11-23/gone";

function readerOver(answer: () => object): S3PayloadReader {
  const client = answered(new S3({ region: "us-east-1" }), answer);
  return new S3PayloadReader(client, "payloads");
}

function failing(error: Error): Promise<Uint8Array> {
  const reader = readerOver(() => {
    throw error;
  });
  return reader.read(KEY);
}

describe("S3PayloadReader", () => {
  test("says of a key that S3 does not have that no retry can help", async () => {
    const gone = new NoSuchKey({ message: "no", $metadata: { httpStatusCode: 404 } });

    await expect(failing(gone)).rejects.toThrow(PermanentError);
    await expect(failing(gone)).rejects.toThrow(`${KEY} is not in the bucket any more`);
  });

  test("keeps a message whose key S3 may not speak of, and names the permission", async () => {
    const denied = anAwsError("AccessDenied", 403);

    await expect(failing(denied)).rejects.toThrow(TransientError);
    await expect(failing(denied)).rejects.toThrow(/AccessDenied.*s3:GetObject and s3:ListBucket/);
  });

  test.each([
    ["NoSuchBucket", 404],
    ["SlowDown", 503],
    ["InternalError", 500],
  ])("keeps a message after %s", async (name, status) => {
    await expect(failing(anAwsError(name, status))).rejects.toThrow(TransientError);
  });

  test("does not take a body that was cut off for the whole", async () => {
    const Body = { transformToByteArray: async () => Buffer.from("half") };
    const reader = readerOver(() => ({ Body, ContentLength: 8 }));

    await expect(reader.read(KEY)).rejects.toThrow(TransientError);
  });
});
