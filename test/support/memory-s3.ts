import { S3Client } from "@aws-sdk/client-s3";
import * as v from "valibot";

import { answered } from "../../tools/cloud-in-memory/clients.ts";

const InputSchema = v.object({ Key: v.string() });

/** A bucket of S3, as the operators' tool reads and empties it. */
export function s3Over(objects: Map<string, string>): S3Client {
  return answered(new S3Client({ region: "us-east-1" }), answer);

  function answer(input: object, commandName: string): object {
    const { Key } = v.parse(InputSchema, input);
    if (commandName === "DeleteObjectCommand") objects.delete(Key);
    if (commandName !== "GetObjectCommand") return {};
    const text = objects.get(Key);
    if (text !== undefined) return { Body: { transformToString: async () => text } };
    throw Object.assign(new Error("The key does not exist."), { name: "NoSuchKey" });
  }
}
