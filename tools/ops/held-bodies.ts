import { DeleteObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";

import { PAYLOAD_PREFIXES } from "../../lambdas/settings/names.ts";
import { readPayloadBytes } from "./person.ts";
import type { ConnectedStack } from "./stack.ts";

const { held } = PAYLOAD_PREFIXES;

/** The key of a large body that ends by `retention.payloadsMs`. @param key - either of its two */
export function usualKeyOf(key: string): string {
  return key.startsWith(held) ? key.slice(held.length) : key;
}

/** The key of the same body where none ends. @param key - either of its two */
export function heldKeyOf(key: string): string {
  return `${held}${usualKeyOf(key)}`;
}

/** Copies a body from one key to the other. @returns false when it is gone. */
export async function copyBody(
  stack: ConnectedStack,
  { from, to }: { readonly from: string; readonly to: string },
): Promise<boolean> {
  const Body = await readPayloadBytes(stack, from);
  if (Body === null) return false;
  await stack.s3.send(new PutObjectCommand({ Bucket: stack.payloadBucketName, Key: to, Body }));
  return true;
}

/** Removes a body that is not held any more. */
export async function removeHeldBody(stack: ConnectedStack, key: string): Promise<void> {
  const Key = heldKeyOf(key);
  await stack.s3.send(new DeleteObjectCommand({ Bucket: stack.payloadBucketName, Key }));
}
