import * as v from "valibot";

import { callAlloy } from "./alloy-http.ts";
import type { AlloyHttpFailure } from "./alloy-http.ts";

/** The key of Alloy's API, as the secret `AlloyApiSecret` holds it (design 2.2). */
export interface AlloyApiKey {
  readonly token: string;
  readonly secret: string;
}

/** Null when there is none. @param isForced - a cached one will not do. */
export type ReadAlloyApiKey = (read: { readonly isForced: boolean }) => Promise<AlloyApiKey | null>;

/** What a call needs to be let in. */
export interface AlloyAuthorization {
  /** The header's value. @param timeoutMs - for a call that may be needed to get it. */
  header(timeoutMs: number): Promise<string | { readonly failure: AlloyHttpFailure }>;
  /** The last one was refused. */
  renew(): void;
}

/** The API key with each call (facts 7.2). */
export class BasicAuthorization implements AlloyAuthorization {
  readonly #readKey: ReadAlloyApiKey;
  #isForced = false;

  constructor(readKey: ReadAlloyApiKey) {
    this.#readKey = readKey;
  }

  async header(): Promise<string | { readonly failure: AlloyHttpFailure }> {
    const isForced = this.#isForced;
    this.#isForced = false;
    const key = await this.#readKey({ isForced });
    // Alloy would say the same.
    return key === null ? { failure: { kind: "unauthorized" } } : basicOf(key);
  }

  renew(): void {
    this.#isForced = true;
  }
}

/** A bearer is renewed so long before it expires: a call that carries it may wait for its turn. */
const BEARER_MARGIN_MS = 60_000;

const text = v.pipe(v.string(), v.nonEmpty());
const BearerSchema = v.union([
  v.object({ access_token: text, expires_in: v.number() }),
  // The other shape of the same answer; `expires` is epoch milliseconds.
  v.object({ bearer_token: text, expires: v.number() }),
]);

/** A bearer of an hour, got with the API key by `POST /oauth/bearer` (facts 7.2). */
export class BearerAuthorization implements AlloyAuthorization {
  readonly #baseUrl: string;
  readonly #basic: BasicAuthorization;
  readonly #fetch: typeof fetch;
  readonly #now: () => number;
  #known: { readonly bearer: string; readonly freshUntil: number } | null = null;
  #getting: Promise<string | { readonly failure: AlloyHttpFailure }> | null = null;

  constructor(options: {
    readonly baseUrl: string;
    readonly readKey: ReadAlloyApiKey;
    readonly fetch: typeof fetch;
    readonly now: () => number;
  }) {
    this.#baseUrl = options.baseUrl;
    this.#basic = new BasicAuthorization(options.readKey);
    this.#fetch = options.fetch;
    this.#now = options.now;
  }

  async header(timeoutMs: number): Promise<string | { readonly failure: AlloyHttpFailure }> {
    if (this.#known !== null && this.#now() < this.#known.freshUntil) return this.#known.bearer;
    // Calls side by side wait for one bearer.
    this.#getting ??= this.#get(timeoutMs).finally(() => {
      this.#getting = null;
    });
    return this.#getting;
  }

  renew(): void {
    this.#known = null;
  }

  async #get(timeoutMs: number): Promise<string | { readonly failure: AlloyHttpFailure }> {
    const basic = await this.#basic.header();
    if (typeof basic !== "string") return basic;
    const answer = await callAlloy(
      {
        url: `${this.#baseUrl}/oauth/bearer`,
        method: "POST",
        authorization: basic,
        body: JSON.stringify({ grant_type: "client_credentials" }),
        timeoutMs,
      },
      { fetch: this.#fetch, now: this.#now },
    );
    if ("failure" in answer) {
      // The key itself may have been rotated.
      if (answer.failure.kind === "unauthorized") this.#basic.renew();
      return answer;
    }
    const known = answer.status < 400 ? this.#bearerOf(answer.body) : null;
    if (known === null) {
      const cause = answer.status < 400 ? "not-an-application" : "refused";
      return { failure: { kind: "failed", cause, retryAfterMs: null } };
    }
    this.#known = known;
    return known.bearer;
  }

  #bearerOf(body: string): { readonly bearer: string; readonly freshUntil: number } | null {
    let json: unknown;
    try {
      json = JSON.parse(body);
    } catch {
      // A page of something else; the parser's own message could quote a token.
      return null;
    }
    const parsed = v.safeParse(BearerSchema, json);
    if (!parsed.success) return null;
    const { output } = parsed;
    const [token, expiresAt] =
      "access_token" in output
        ? [output.access_token, this.#now() + output.expires_in * 1_000]
        : [output.bearer_token, output.expires];
    return { bearer: `Bearer ${token}`, freshUntil: expiresAt - BEARER_MARGIN_MS };
  }
}

function basicOf({ token, secret }: AlloyApiKey): string {
  return `Basic ${Buffer.from(`${token}:${secret}`).toString("base64")}`;
}
