import * as v from "valibot";

import { parseAlloyApplication } from "../domain/alloy-application.ts";
import type { AlloyAnswer, AlloyApi } from "../domain/polling-ports.ts";

/** The key of Alloy's API, as the secret `AlloyApiSecret` holds it (design 2.2). */
export interface AlloyApiKey {
  readonly token: string;
  readonly secret: string;
}

const ErrorSchema = v.object({ error: v.object({ minor_code: v.number() }) });

/** Above this a number of seconds since 1970 would be in the year 5138: it is in milliseconds. */
const MOST_EPOCH_SECONDS = 1e11;

/**
 * Alloy's API over HTTPS, with Basic authentication. It never throws for what the network or Alloy does.
 * Source: facts 7.2 to 7.7.
 */
export class HttpAlloyApi implements AlloyApi {
  readonly #baseUrl: string;
  readonly #readKey: (options: { readonly isForced: boolean }) => Promise<AlloyApiKey | null>;
  readonly #fetch: typeof fetch;
  readonly #now: () => number;
  #isForced = false;

  constructor(options: {
    /** With Alloy's version: `https://sandbox.alloy.co/v1`. */
    readonly baseUrl: string;
    /** Null when there is none. @param isForced - a cached one will not do. */
    readonly readKey: (options: { readonly isForced: boolean }) => Promise<AlloyApiKey | null>;
    readonly fetch: typeof fetch;
    readonly now: () => number;
  }) {
    this.#baseUrl = options.baseUrl;
    this.#readKey = options.readKey;
    this.#fetch = options.fetch;
    this.#now = options.now;
  }

  async getApplication(
    asked: { readonly applicationToken: string; readonly journeyToken: string },
    timeoutMs: number,
  ): Promise<AlloyAnswer> {
    const key = await this.#readKey({ isForced: this.#isForced });
    this.#isForced = false;
    // Alloy would say the same.
    if (key === null) return { kind: "unauthorized" };
    // Without `fullData`, and never by a link of Alloy's: only what the tokens say is asked for.
    const path = `/journeys/${encodeURIComponent(asked.journeyToken)}/applications/${encodeURIComponent(asked.applicationToken)}`;
    let response: Response;
    let body: string;
    try {
      response = await this.#fetch(`${this.#baseUrl}${path}`, {
        headers: {
          accept: "application/json",
          authorization: `Basic ${Buffer.from(`${key.token}:${key.secret}`).toString("base64")}`,
        },
        redirect: "error",
        signal: AbortSignal.timeout(timeoutMs),
      });
      body = await response.text();
    } catch (error) {
      const isTimeout = error instanceof Error && error.name === "TimeoutError";
      return { kind: "failed", cause: isTimeout ? "timeout" : "unreachable", retryAfterMs: null };
    }
    return this.#answerOf(response, body, asked);
  }

  renewCredentials(): void {
    this.#isForced = true;
  }

  #answerOf(
    { status, headers }: Response,
    body: string,
    asked: { readonly applicationToken: string; readonly journeyToken: string },
  ): AlloyAnswer {
    if (status === 200) {
      const parsed = parseAlloyApplication(body, asked);
      return "application" in parsed
        ? { kind: "application", application: parsed.application }
        : { kind: "failed", cause: "not-an-application", retryAfterMs: null };
    }
    if (status === 401) return { kind: "unauthorized" };
    const retryAfterMs = this.#retryAfter(headers);
    if (status === 429) return { kind: "rate-limited", retryAfterMs };
    if (status >= 500) return { kind: "failed", cause: "server-error", retryAfterMs };
    if (status >= 400) return { kind: "unknown", status, minorCode: minorCodeOf(body) };
    return { kind: "failed", cause: "not-an-application", retryAfterMs: null };
  }

  /** `retry-after` in seconds, or else the time at which the limit is reset. */
  #retryAfter(headers: Headers): number | null {
    const seconds = numberOf(headers.get("retry-after"));
    if (seconds !== null) return Math.max(0, seconds * 1_000);
    const reset = numberOf(headers.get("alloy-ratelimit-reset"));
    if (reset === null) return null;
    // Alloy's documentation says "Unix timestamp", and not of what.
    const resetAt = reset > MOST_EPOCH_SECONDS ? reset : reset * 1_000;
    return Math.max(0, resetAt - this.#now());
  }
}

function minorCodeOf(body: string): number | null {
  try {
    const parsed = v.safeParse(ErrorSchema, JSON.parse(body));
    return parsed.success ? parsed.output.error.minor_code : null;
  } catch {
    // A proxy's page: the status says all there is to know.
    return null;
  }
}

function numberOf(value: string | null): number | null {
  if (value === null || value.trim() === "") return null;
  const number = Number(value);
  return Number.isFinite(number) ? number : null;
}
