import { builtins } from "../lazy-builtins.ts";

/** The body of a request, in the forms that ingest needs it. */
export interface ReceivedBody {
  /** As posted; a signature is over these. */
  readonly bytes: Uint8Array;
  /** How the bytes stand in an envelope, without loss. */
  readonly text: string;
  readonly encoding: "utf8" | "base64";
}

/**
 * Takes the body out of API Gateway's event, which hands it over as text or, for what it does not
 * take for text, as base64. Bytes that are UTF-8 become text either way; other ones stay base64.
 *
 * @param body - absent when the request had none.
 */
export function receivedBody(body: string | undefined, isBase64Encoded: boolean): ReceivedBody {
  const given = body ?? "";
  if (!isBase64Encoded) return { bytes: Buffer.from(given), text: given, encoding: "utf8" };
  const bytes = Buffer.from(given, "base64");
  return builtins.buffer.isUtf8(bytes)
    ? { bytes, text: bytes.toString(), encoding: "utf8" }
    : { bytes, text: bytes.toString("base64"), encoding: "base64" };
}
