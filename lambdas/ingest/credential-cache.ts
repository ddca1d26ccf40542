import type { AwsFailure } from "../domain/aws-failure.ts";
import { METRICS } from "../settings/metrics.ts";
import type { LineLogger } from "../telemetry/line-logger.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { parseCredentials } from "./credentials.ts";
import type { Credentials, Refusal } from "./credentials.ts";

/** Where the webhook secret stands. */
export interface WebhookSecretSource {
  /** @param deadline - epoch milliseconds. */
  read(deadline: number): Promise<{ readonly text: string } | { readonly failure: AwsFailure }>;
}

/** What is known of the live credentials, or why nothing is. */
export type Known = { readonly credentials: Credentials } | { readonly failure: AwsFailure };

/** The live credentials of one sandbox. */
export interface CredentialCache {
  /**
   * Reads the secret before a request asks for it. When that fails, the first request reads it again at once: a sandbox
   * that Lambda makes ahead of need may be frozen within this read, and find it timed out when it wakes.
   */
  prepare(deadline: number): Promise<void>;
  /**
   * The cached ones, read again when they are older than `lifetimeMs`. Old ones are better than none: there is a
   * failure only when nothing is cached.
   */
  current(deadline: number): Promise<Known>;
  /**
   * Reads the secret again because a credential did not match. A read that found nothing new, or failed, is
   * the last one for `refreshMs`; one that found something proves that asking was right.
   *
   * @returns the failure when it cannot be found out whether there are new ones; undefined when it is known
   * that there were none within `refreshMs`.
   */
  refreshed(deadline: number): Promise<Known | undefined>;
}

/**
 * Caches the webhook secret (docs/contracts.md#credentials). Requests that come while it is being read wait for that one
 * read. After a failed read there is no read for `refreshMs`, or for `pauseMs` as long as there is nothing
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
  readonly metrics: Pick<Metrics<"ingest">, "count">;
  readonly logger: LineLogger;
}): CredentialCache {
  let known: Known = { failure: "timeout" };
  let lastFailure: { readonly failure: AwsFailure } | undefined;
  let lastText: string | undefined;
  /** What `lastText` holds; undefined when it is malformed. */
  let credentials: Credentials | undefined;
  let freshUntil = Number.NEGATIVE_INFINITY;
  let refreshFrom = Number.NEGATIVE_INFINITY;
  let reading: Promise<Known> | undefined;

  function read(deadline: number): Promise<Known> {
    reading ??= readOnce(Math.min(deadline, options.now() + options.readMs)).finally(() => {
      reading = undefined;
    });
    return reading;
  }

  /** @returns what this read has found; `known` is what there is to go by. */
  async function readOnce(deadline: number): Promise<Known> {
    const result = await options.source.read(deadline);
    if ("failure" in result) {
      options.logger.error("ingest.secret.unreadable", { cause: result.failure });
      lastFailure = result;
      freshUntil = options.now() + ("failure" in known ? options.pauseMs : options.refreshMs);
      if ("failure" in known) known = result;
      return result;
    }
    lastFailure = undefined;
    if (result.text !== lastText) {
      refreshFrom = Number.NEGATIVE_INFINITY;
      lastText = result.text;
      credentials = parseCredentials(lastText);
    }
    freshUntil = options.now() + options.lifetimeMs;
    if (credentials === undefined) {
      options.logger.error("ingest.secret.malformed");
      if ("failure" in known) known = { credentials: NONE };
    } else {
      const refused = credentials.refused.length;
      if (refused > 0) {
        const entries = describeRefusals(credentials.refused);
        options.logger.warn("ingest.secret.entries-refused", { refused, entries });
        options.metrics.count(METRICS.credentialsUnusable, refused);
      }
      known = { credentials };
    }
    return known;
  }

  return {
    async prepare(deadline) {
      await read(deadline);
      if ("failure" in known) freshUntil = Number.NEGATIVE_INFINITY;
    },
    async current(deadline) {
      await reading;
      if (options.now() >= freshUntil) await read(deadline);
      return known;
    },
    async refreshed(deadline) {
      if (reading === undefined) {
        if (options.now() < refreshFrom) return lastFailure;
        refreshFrom = options.now() + options.refreshMs;
      }
      return read(deadline);
    },
  };
}

/** A malformed secret authenticates nobody: it fails closed. */
const NONE: Credentials = { basic: [], hmac: [], refused: [] };

/** A secret holds a few entries; a line about the first ones says enough of one that holds thousands. */
const MOST_DESCRIBED = 10;

/** Such as `basic 2: too-short, hmac 1: placeholder`: which entries, and why; nothing of their values. */
function describeRefusals(refused: readonly Refusal[]): string {
  const described = refused
    .slice(0, MOST_DESCRIBED)
    .map(({ list, entry, reason }) =>
      entry === 0 ? `${list}: no list` : `${list} ${entry}: ${reason}`,
    );
  return [...described, ...(refused.length > MOST_DESCRIBED ? ["…"] : [])].join(", ");
}
