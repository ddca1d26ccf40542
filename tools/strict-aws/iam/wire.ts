import { isRecord } from "../../template/synthesise.ts";
import type { AwsRequest } from "./requests.ts";

/** A request of AWS as it arrives over HTTP. */
export interface WireRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Uint8Array;
}

/** What a signed request says of itself. */
export interface Recognised extends AwsRequest {
  /** As the signature's scope names it: `sqs`. */
  readonly service: string;
  readonly accessKeyId: string;
}

/**
 * Reads a signed request: the JSON protocols and the query protocol by their operation, RPC v2 by its path, S3 by its
 * method and path, bucket in the path as emulators want it.
 *
 * @returns null when it carries no signature of version 4, or is of a protocol that is not known here.
 */
export function recognise({ method, url, headers, body }: WireRequest): Recognised | null {
  const scope = /Credential=([^/]+)\/\d{8}\/[^/]+\/([^/]+)\/aws4_request/.exec(
    headers["authorization"] ?? "",
  );
  const [, accessKeyId = "", service = ""] = scope ?? [];
  if (scope === null) return null;
  const said = (operation: string, input: unknown) => ({ accessKeyId, service, operation, input });

  const target = headers["x-amz-target"];
  if (target !== undefined) return said(target.split(".").at(-1) ?? "", jsonOf(body));
  const [, rpc] = /^\/service\/[^/]+\/operation\/([A-Za-z]+)/.exec(url) ?? [];
  // Its input is CBOR. The only service that speaks it to us, CloudWatch, knows no resource.
  if (rpc !== undefined) return said(rpc, {});
  if (service === "s3") return s3Request({ method, url }, said);
  if (headers["content-type"]?.startsWith("application/x-www-form-urlencoded") === true) {
    const form = Object.fromEntries(new URLSearchParams(textOf(body)));
    return said(form["Action"] ?? "", form);
  }
  return null;
}

function s3Request(
  { method, url }: Pick<WireRequest, "method" | "url">,
  said: (operation: string, input: unknown) => Recognised,
): Recognised | null {
  const { pathname, searchParams } = new URL(url, "http://s3");
  const [bucket = "", ...key] = pathname.slice(1).split("/").map(decodeURIComponent);
  const input = { Bucket: bucket, Key: key.join("/") };
  if (input.Key === "") {
    const prefix = searchParams.get("prefix");
    return method === "GET"
      ? said("ListObjectsV2", { Bucket: bucket, ...(prefix !== null && { Prefix: prefix }) })
      : null;
  }
  const operation = {
    GET: "GetObject",
    HEAD: "HeadObject",
    PUT: "PutObject",
    DELETE: "DeleteObject",
  }[method];
  return operation === undefined ? null : said(operation, input);
}

function jsonOf(body: Uint8Array): unknown {
  const parsed: unknown = body.length === 0 ? {} : JSON.parse(textOf(body));
  return isRecord(parsed) ? parsed : {};
}

function textOf(body: Uint8Array): string {
  return new TextDecoder().decode(body);
}
