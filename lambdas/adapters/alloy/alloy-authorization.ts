import { isJsonObject, readJson } from "../../domain/event/external-json.ts";
import { readNumber, readText } from "../../domain/event/external-text.ts";
import { readTime } from "../../domain/event/plausible-time.ts";
import { callAlloy } from "./alloy-http.ts";
import type { AlloyHttpFailure } from "./alloy-http.ts";

/** The key of Alloy's API, as the secret `AlloyApiSecret` holds it (docs/contracts.md#credentials). */
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

/** The API key with each call (docs/alloy.md#hosts-and-credentials). */
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

/** A bearer of an hour, got with the API key by `POST /oauth/bearer` (docs/alloy.md#hosts-and-credentials). */
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
    const read = readJson(body);
    // A page of something else.
    if ("reason" in read || !isJsonObject(read.json)) return null;
    const { access_token, bearer_token, expires_in, expires } = read.json;
    const token = readText(access_token) ?? readText(bearer_token);
    if (token === null) return null;
    const now = this.#now();
    const seconds = readNumber(expires_in);
    // The other shape of the same answer names the time instead.
    const livesMs = seconds === null ? (readTime(expires) ?? now) - now : seconds * 1_000;
    return { bearer: `Bearer ${token}`, freshUntil: freshUntil(now, livesMs) };
  }
}

/**
 * Until when a bearer is used without asking for another one, epoch milliseconds. How long it lives is
 * only recommended to be said (RFC 6749, 5.1): one that says nothing of use is good until a 401.
 */
function freshUntil(now: number, livesMs: number): number {
  if (livesMs <= 0) return Infinity;
  return now + livesMs - Math.min(BEARER_MARGIN_MS, livesMs / 2);
}

function basicOf({ token, secret }: AlloyApiKey): string {
  return `Basic ${Buffer.from(`${token}:${secret}`).toString("base64")}`;
}
