import { GetObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { expect, it } from "vitest";

import {
  expectRefusals,
  noteRefusal,
  unexpectedRefusals,
  withinLimits,
} from "../../support/refusals.ts";

it("tells of the refusals the one that no test has expected, whoever refused it", async () => {
  const client = new S3Client({ region: "us-east-1" });
  withinLimits(client);
  noteRefusal("an expected one");
  expectRefusals();

  const tooLong = client.send(new GetObjectCommand({ Bucket: "b", Key: "x".repeat(1_025) }));

  await expect(tooLong).rejects.toThrow("Your key is too long");
  expect(unexpectedRefusals()).toEqual(["GetObject: KeyTooLongError: Your key is too long"]);
  expectRefusals();
  expect(unexpectedRefusals()).toEqual([]);
});
