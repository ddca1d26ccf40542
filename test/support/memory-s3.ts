import { S3Client } from "@aws-sdk/client-s3";
import * as v from "valibot";

import { answered } from "../../tools/cloud-in-memory/clients.ts";

const InputSchema = v.object({
  Key: v.optional(v.string(), ""),
  Prefix: v.optional(v.string(), ""),
  StartAfter: v.optional(v.string(), ""),
  IfNoneMatch: v.optional(v.string()),
  Body: v.optional(v.unknown()),
});

/** A bucket of S3, as the operators' tool reads and empties it. */
export function s3Over(objects: Map<string, string>): S3Client {
  return answered(new S3Client({ region: "us-east-1" }), answer);

  function answer(input: object, commandName: string): object {
    const { Key, Prefix, StartAfter, IfNoneMatch, Body } = v.parse(InputSchema, input);
    if (commandName === "ListObjectsV2Command") {
      const keys = [...objects.keys()].filter((key) => key.startsWith(Prefix) && key > StartAfter);
      return { KeyCount: keys.length, Contents: keys.toSorted().map((key) => ({ Key: key })) };
    }
    if (commandName === "PutObjectCommand") {
      if (IfNoneMatch === "*" && objects.has(Key)) throw preconditionFailed();
      objects.set(Key, String(Body));
    }
    if (commandName === "DeleteObjectCommand") objects.delete(Key);
    if (commandName !== "GetObjectCommand") return {};
    const text = objects.get(Key);
    if (text !== undefined) {
      const transformToByteArray = async () => Buffer.from(text);
      return { Body: { transformToString: async () => text, transformToByteArray } };
    }
    throw Object.assign(new Error("The key does not exist."), { name: "NoSuchKey" });
  }
}

function preconditionFailed(): Error {
  const fault = { name: "PreconditionFailed", $metadata: { httpStatusCode: 412 } };
  return Object.assign(new Error("There is an object of this key."), fault);
}
