import { randomBytes } from "node:crypto";

import { DynamoDB } from "@aws-sdk/client-dynamodb";
import { CreateBucketCommand, S3 } from "@aws-sdk/client-s3";
import { beforeAll, afterAll } from "vitest";

import { LocalFailure } from "../../tools/local/failure.ts";
import { findPython } from "../../tools/local/emulator/programs.ts";
import { startMoto } from "../../tools/moto/server.ts";
import type { Moto } from "../../tools/moto/server.ts";
import { withinLimits } from "./refusals.ts";
import { makeTables } from "./tables.ts";

export const MOTO_REGION = "us-east-1";
export const MOTO_CREDENTIALS = { accessKeyId: "test", secretAccessKey: "test" };

/** Installing takes half a minute; a slow line takes more. */
const START_TIMEOUT_MS = 240_000;

const python = await findPython(process.env["PATH"] ?? "");

/** Why there is no moto on this machine; null: there is one. In CI a test that cannot run is one that failed. */
export const noMoto =
  python === null
    ? "There is no Python 3.10 or newer here to run moto on: the contract suites go without it."
    : null;
if (noMoto !== null) {
  if (process.env["CI"]) throw new LocalFailure(noMoto);
  console.warn(noMoto);
}

/** One server for the tests of a file. @returns its endpoint, once it is up. */
export function useMoto(): () => string {
  let moto: Moto | undefined;
  beforeAll(async () => {
    if (python !== null) moto = await startMoto(python);
  }, START_TIMEOUT_MS);
  afterAll(() => moto?.stop());
  return () => moto?.endpoint ?? "";
}

/** Both tables of the stack, empty, in moto's DynamoDB, behind AWS's documented limits. */
export async function makeMotoTables(endpoint: string) {
  const client = new DynamoDB({
    endpoint,
    region: MOTO_REGION,
    credentials: MOTO_CREDENTIALS,
  });
  const refused = withinLimits(client);
  const tables = await makeTables(client);
  return {
    ...tables,
    refused,
    close: async () => {
      await tables.close();
      client.destroy();
    },
  };
}

/** A bucket in moto's S3. */
export async function makeMotoBucket(endpoint: string) {
  const client = new S3({
    endpoint,
    region: MOTO_REGION,
    credentials: MOTO_CREDENTIALS,
    forcePathStyle: true,
  });
  withinLimits(client);
  const bucket = `payloads-${randomBytes(5).toString("hex")}`;
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  return { client, bucket };
}
