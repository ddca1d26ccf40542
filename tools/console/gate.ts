import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";

import { refusalOf } from "../guard/refusal.ts";

/** The header in which the page repeats the token of its address. */
export const TOKEN_HEADER = "x-console-token";

/** What a request may reach. `shell`: code and styles, which are the same for everybody. */
export type Reach = "shell" | "page" | "read" | "write";

/** Why a request gets nothing. */
export interface Refusal {
  readonly status: number;
  readonly why: string;
}

/** What is looked at of a request. */
type Asked = Pick<IncomingMessage, "headers" | "headersDistinct" | "method" | "url">;

/**
 * Decides who gets in.
 *
 * 1. The request names this server, and no page of another site or origin made it. A page that has its own name point to
 *    127.0.0.1 (DNS rebinding) sends that name as its `Host`.
 * 2. It has the token: the page in its address, everything else in a header, which no form and no link can send.
 * 3. What writes is a POST of JSON, and only where writing was allowed on the command line.
 *
 * @returns why it is refused; null when it is taken.
 */
export function refusalOfAsked(
  request: Asked,
  reach: Reach,
  own: { readonly hosts: readonly string[]; readonly token: string; readonly canWrite: boolean },
): Refusal | null {
  const other = refusalOf(request);
  if (other !== null) return { status: 403, why: other };
  if (!own.hosts.includes(request.headers.host?.toLowerCase() ?? "")) {
    return { status: 403, why: "its Host is not the address of this console" };
  }
  const isRead = request.method === "GET" || request.method === "HEAD";
  if (isRead !== (reach !== "write") || (reach === "write" && request.method !== "POST")) {
    return { status: 405, why: reach === "write" ? "this takes a POST" : "this takes a GET" };
  }
  if (reach === "shell") return null;
  if (!isSame(tokenIn(request, reach), own.token)) {
    return { status: 401, why: "the token of the printed address is missing or wrong" };
  }
  if (reach !== "write") return null;
  if (!own.canWrite) return { status: 403, why: "this console only reads; --write lets it write" };
  const [type = ""] = (request.headers["content-type"] ?? "").split(";");
  return type.trim() === "application/json" ? null : { status: 415, why: "its body is not JSON" };
}

function tokenIn({ headers, url }: Asked, reach: Reach): string {
  if (reach === "page") {
    return new URL(url ?? "/", "http://127.0.0.1").searchParams.get("token") ?? "";
  }
  return headers[TOKEN_HEADER]?.toString() ?? "";
}

/** Digests have one length, so that the time says nothing of where two texts differ. */
function isSame(one: string, other: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}
