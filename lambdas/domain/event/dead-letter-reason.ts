import { QUEUE } from "../../settings/limits.ts";
import { escapeForSqs } from "./envelope.ts";

/** SQS counts the name and the type of an attribute with its value. */
const ATTRIBUTE_BYTES = bytesOf(`${QUEUE.reasonAttribute}String`);

/** Ends a reason that was cut. */
const CUT = "…";

/**
 * The reason of a dead letter, as the attribute beside its message: of characters that SQS takes, at most
 * `QUEUE.maxReasonBytes` long, and no longer than the message leaves room for.
 *
 * @returns null when nothing of it fits, or there is none: the message then goes without it.
 */
export function reasonBeside(queueMessage: string, reason: string): string | null {
  const room = QUEUE.maxMessageBytes - bytesOf(queueMessage) - ATTRIBUTE_BYTES;
  return cutToBytes(escapeForSqs(reason), Math.min(QUEUE.maxReasonBytes, room));
}

function cutToBytes(text: string, mostBytes: number): string | null {
  if (text === "") return null;
  if (bytesOf(text) <= mostBytes) return text;
  let kept = "";
  let bytes = bytesOf(CUT);
  for (const character of text) {
    bytes += bytesOf(character);
    if (bytes > mostBytes) break;
    kept += character;
  }
  return kept === "" ? null : `${kept}${CUT}`;
}

function bytesOf(text: string): number {
  return new TextEncoder().encode(text).length;
}
