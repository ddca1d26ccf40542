import type { AlloyAnswer } from "../../domain/polling/polling-ports.ts";

/** A call that got an answer of Alloy's, whatever its status. */
export interface AlloyHttpAnswer {
  readonly status: number;
  readonly body: string;
  /** Alloy's rate limit is used up for so long; null: it is not, or Alloy does not say. */
  readonly restMs: number | null;
}

/** How a call to Alloy failed, in the ways that all endpoints share. */
export type AlloyHttpFailure = Extract<
  AlloyAnswer,
  { kind: "unauthorized" | "rate-limited" | "failed" }
>;

/** Above this a number of seconds since 1970 would be in the year 5138: it is in milliseconds. */
const MOST_EPOCH_SECONDS = 1e11;

/** A hundred times a long application; five of them at once, parsed, still fit into the poller's memory. */
const MOST_BODY_BYTES = 4 * 1_024 * 1_024;

/**
 * Calls Alloy once. It never throws for what the network or Alloy does.
 *
 * @param timeoutMs - for the whole call, the body included.
 * @returns 2xx and 4xx as they are, but for 401 and 429; those, 3xx, 5xx and no answer as a failure.
 */
export async function callAlloy(
  call: {
    readonly url: string;
    readonly method: "GET" | "POST";
    readonly authorization: string;
    readonly body?: string;
    readonly timeoutMs: number;
  },
  world: { readonly fetch: typeof fetch; readonly now: () => number },
): Promise<AlloyHttpAnswer | { readonly failure: AlloyHttpFailure }> {
  const { url, method, authorization, body, timeoutMs } = call;
  try {
    const response = await world.fetch(url, {
      method,
      headers: {
        accept: "application/json",
        authorization,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body }),
      // Our credentials go to the configured address alone.
      redirect: "error",
      signal: AbortSignal.timeout(Math.max(1, Math.ceil(timeoutMs))),
    });
    const { status, headers } = response;
    const now = world.now();
    const failure = failureOf(status, headers, now);
    if (failure !== null) {
      // The status says it all; what else a server in trouble sends is not waited for.
      await response.body?.cancel();
      return { failure };
    }
    const read = await textOf(response);
    if (read === null) {
      return { failure: { kind: "failed", cause: "too-large", retryAfterMs: null } };
    }
    return { status, body: read, restMs: restOf(headers, now) };
  } catch (error) {
    const isTimeout = error instanceof Error && error.name === "TimeoutError";
    const cause = isTimeout ? "timeout" : "unreachable";
    return { failure: { kind: "failed", cause, retryAfterMs: null } };
  }
}

function failureOf(status: number, headers: Headers, now: number): AlloyHttpFailure | null {
  if (status === 401) return { kind: "unauthorized" };
  const retryAfterMs = retryAfterOf(headers, now);
  if (status === 429) return { kind: "rate-limited", retryAfterMs };
  if (status >= 500) return { kind: "failed", cause: "server-error", retryAfterMs };
  return null;
}

/** Null when it is too large. */
async function textOf(response: Response): Promise<string | null> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    // To leave the loop closes the connection.
    if (bytes > MOST_BODY_BYTES) return null;
    chunks.push(chunk);
  }
  return new TextDecoder().decode(Buffer.concat(chunks));
}

/** `retry-after`, in seconds or as a date (RFC 9110), or else the time at which the limit is reset. */
function retryAfterOf(headers: Headers, now: number): number | null {
  const retryAfter = headers.get("retry-after");
  const seconds = numberOf(retryAfter);
  if (seconds !== null) return Math.max(0, seconds * 1_000);
  const date = Date.parse(retryAfter ?? "");
  return Number.isNaN(date) ? resetOf(headers, now) : Math.max(0, date - now);
}

/** Whether the headers are on answers like 200 too is not documented; when they are, they save a 429. */
function restOf(headers: Headers, now: number): number | null {
  return numberOf(headers.get("alloy-ratelimit-remaining")) === 0 ? resetOf(headers, now) : null;
}

function resetOf(headers: Headers, now: number): number | null {
  const reset = numberOf(headers.get("alloy-ratelimit-reset"));
  if (reset === null) return null;
  // Alloy's documentation says "Unix timestamp", and not of what.
  const resetAt = reset > MOST_EPOCH_SECONDS ? reset : reset * 1_000;
  return Math.max(0, resetAt - now);
}

function numberOf(value: string | null): number | null {
  if (value === null || value.trim() === "") return null;
  const number = Number(value);
  return Number.isFinite(number) ? number : null;
}
