import type { AwsFailure } from "../domain/aws-failure.ts";
import type { LineLogger } from "../telemetry/line-logger.ts";
import { parseCredentials } from "./credentials.ts";
import type { Credentials } from "./credentials.ts";

/** Where the webhook secret stands. */
export interface WebhookSecretSource {
  /** @param deadline - epoch milliseconds. */
  read(deadline: number): Promise<{ readonly text: string } | { readonly failure: AwsFailure }>;
}

/** The live credentials of one sandbox. */
export interface CredentialCache {
  /** The cached ones, read again when they are older than `lifetimeMs`. */
  current(deadline: number): Promise<Known>;
  /**
   * Reads the secret again because a credential did not match, at most once per `refreshMs`.
   *
   * @returns undefined when it may not be read yet.
   */
  refreshed(deadline: number): Promise<Known> | undefined;
}

/** The failure is there only when nothing is cached: old credentials are better than none. */
export type Known = { readonly credentials: Credentials } | { readonly failure: AwsFailure };

/**
 * Caches the webhook secret (design 2.2). Requests that come while it is being read wait for that one
 * read. After a failed one nothing is asked for `refreshMs`, or for `pauseMs` as long as there is nothing
 * to go by.
 */
export function makeCredentialCache(options: {
  readonly source: WebhookSecretSource;
  readonly lifetimeMs: number;
  readonly refreshMs: number;
  readonly pauseMs: number;
  /** A read may take this much of a request's time: the queue needs the rest. */
  readonly readMs: number;
  readonly now: () => number;
  readonly logger: LineLogger;
}): CredentialCache {
  let known: Known = { failure: "timeout" };
  let freshUntil = Number.NEGATIVE_INFINITY;
  let refreshFrom = Number.NEGATIVE_INFINITY;
  let reading: Promise<Known> | undefined;

  function read(deadline: number): Promise<Known> {
    reading ??= readOnce(deadline).finally(() => {
      reading = undefined;
    });
    return reading;
  }

  async function readOnce(deadline: number): Promise<Known> {
    const result = await options.source.read(Math.min(deadline, options.now() + options.readMs));
    const credentials = "text" in result ? parseCredentials(result.text) : undefined;
    if (credentials !== undefined) {
      known = { credentials };
      freshUntil = options.now() + options.lifetimeMs;
      if (credentials.refused > 0) {
        options.logger.warn("ingest.secret.entries-refused", { refused: credentials.refused });
      }
      return known;
    }
    freshUntil = options.now() + ("failure" in known ? options.pauseMs : options.refreshMs);
    if ("failure" in result) {
      options.logger.error("ingest.secret.unreadable", { cause: result.failure });
      if ("failure" in known) known = result;
    } else {
      options.logger.error("ingest.secret.malformed");
      if ("failure" in known) known = { credentials: NONE };
    }
    return known;
  }

  return {
    current: (deadline) =>
      options.now() < freshUntil && reading === undefined ? Promise.resolve(known) : read(deadline),
    refreshed(deadline) {
      if (reading === undefined) {
        if (options.now() < refreshFrom) return undefined;
        refreshFrom = options.now() + options.refreshMs;
      }
      return read(deadline);
    },
  };
}

/** A malformed secret authenticates nobody: it fails closed. */
const NONE: Credentials = { basic: [], hmac: [], refused: 0 };
