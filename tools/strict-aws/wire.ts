import { cbor } from "@smithy/core/cbor";

import { isRecord } from "../template/template.ts";
import type { AwsRequest } from "./iam/requests.ts";

/** A request of AWS as it arrives over HTTP. */
export interface WireRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Uint8Array;
}

/** How a request and its answer are written: AWS's JSON and query protocols, RPC v2 with CBOR, and S3's own. */
export type Protocol = "json" | "query" | "cbor" | "s3";

/** What a signed request says of itself. */
export interface Recognised extends AwsRequest {
  /** As the signature's scope names it: `sqs`. */
  readonly service: string;
  readonly accessKeyId: string;
  readonly protocol: Protocol;
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
  const said = (protocol: Protocol, operation: string, input: unknown) => ({
    accessKeyId,
    service,
    protocol,
    operation,
    input,
  });

  const target = headers["x-amz-target"];
  if (target !== undefined) return said("json", target.split(".").at(-1) ?? "", jsonOf(body));
  const [, rpc] = /^\/service\/[^/]+\/operation\/([A-Za-z]+)/.exec(url) ?? [];
  if (rpc !== undefined) return said("cbor", rpc, body.length === 0 ? {} : cbor.deserialize(body));
  if (service === "s3") {
    const asked = s3Request({ method, url });
    return asked === null ? null : said("s3", asked.operation, asked.input);
  }
  if (headers["content-type"]?.startsWith("application/x-www-form-urlencoded") === true) {
    const form = Object.fromEntries(new URLSearchParams(textOf(body)));
    return said("query", form["Action"] ?? "", form);
  }
  return null;
}

function s3Request({ method, url }: Pick<WireRequest, "method" | "url">): AwsRequest | null {
  const { pathname, searchParams } = new URL(url, "http://s3");
  const [bucket = "", ...key] = pathname.slice(1).split("/").map(decodeURIComponent);
  const input = { Bucket: bucket, Key: key.join("/") };
  if (input.Key === "") {
    const prefix = searchParams.get("prefix");
    return method === "GET"
      ? {
          operation: "ListObjectsV2",
          input: { Bucket: bucket, ...(prefix !== null && { Prefix: prefix }) },
        }
      : null;
  }
  const operation = {
    GET: "GetObject",
    HEAD: "HeadObject",
    PUT: "PutObject",
    DELETE: "DeleteObject",
  }[method];
  return operation === undefined ? null : { operation, input };
}

function jsonOf(body: Uint8Array): unknown {
  const parsed: unknown = body.length === 0 ? {} : JSON.parse(textOf(body));
  return isRecord(parsed) ? parsed : {};
}

export function textOf(body: Uint8Array): string {
  return new TextDecoder().decode(body);
}
