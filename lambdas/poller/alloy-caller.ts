import type { AlloyAnswer, AlloyApi, AlloyFailure } from "../domain/polling-ports.ts";
import { METRICS, POLLER } from "../settings.ts";
import type { PollingSettings } from "../settings.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import type { MessageLogger } from "../telemetry/powertools-logger.ts";
import { makeTokenBucket } from "./token-bucket.ts";

/** An answer about an application. */
export type Answered = Extract<AlloyAnswer, { kind: "application" | "unknown" }>;

export type Asked =
  | Answered
  /** Tried, and Alloy did not answer. */
  | { readonly kind: "unanswered"; readonly cause: AlloyFailure }
  /** Not tried, or not to the end: this run asks nothing more. */
  | { readonly kind: "stopped" };

/** Why a run asks nothing more. */
export type StopReason = "credentials" | "outage" | "rate-limit" | "budget";

type AskedApplication = Parameters<AlloyApi["getApplication"]>[0];

/** Of these the next attempt would come to the same. */
const FUTILE: readonly AlloyFailure[] = ["refused", "too-large"];

/** Alloy, as one run of the poller calls it. */
export interface AlloyCaller {
  ask(application: AskedApplication): Promise<Asked>;
  /** Null while it may be asked. */
  stopReason(): StopReason | null;
  /** Whether it has answered in this run: until then, one call at a time finds out. */
  hasAnswered(): boolean;
}

/**
 * Calls Alloy within what a run may use up: calls, rate, time, and patience.
 *
 * - Failures are retried with jitter, after the time that Alloy asks for or one that doubles.
 * - 429 is retried too, and halves the rate for the rest of the run.
 * - When an answer says that it was the last one of Alloy's limit, the next call waits for the next limit.
 * - 401 has the credentials read again, once; a second one stops the run.
 * - So many failures in a row stop the run: an outage costs a few calls, whatever is due.
 */
export function makeAlloyCaller(options: {
  readonly alloy: AlloyApi;
  readonly settings: PollingSettings;
  /** Epoch milliseconds. */
  readonly deadline: number;
  readonly metrics: Metrics;
  readonly logger: MessageLogger;
  readonly now: () => number;
  readonly random: () => number;
  readonly sleep: (ms: number) => Promise<void>;
}): AlloyCaller {
  const { alloy, settings, deadline, metrics, logger, now, random, sleep } = options;
  const bucket = makeTokenBucket({ perSecond: settings.requestsPerSecond, now, sleep });
  let callsLeft = settings.callsPerRun;
  let failuresInARow = 0;
  let refusalsInARow = 0;
  let renewals = 0;
  let hasAnswered = false;
  let stopped: StopReason | null = null;

  function stop(reason: StopReason): { readonly kind: "stopped" } {
    stopped ??= reason;
    return { kind: "stopped" };
  }

  async function call(application: AskedApplication) {
    if (stopped !== null) return stop(stopped);
    if (callsLeft === 0 || !(await bucket.take(deadline))) return stop("budget");
    // Another call may have found out something while this one waited for its turn.
    if (stopped !== null) return stop(stopped);
    if (callsLeft === 0) return stop("budget");
    callsLeft -= 1;
    metrics.count(METRICS.alloyCalls);
    return alloy.getApplication(application, Math.min(POLLER.callMs, deadline - now()));
  }

  /** @returns the wait before the next attempt, or why there is none. */
  function afterUnauthorized(renewalsBefore: number): number | Exclude<Asked, Answered> {
    metrics.count(METRICS.alloyCallsUnauthorized);
    // The call had set out with credentials that have been renewed since.
    if (renewalsBefore < renewals) return 0;
    if (renewals > 0) return stop("credentials");
    renewals += 1;
    alloy.renewCredentials();
    return 0;
  }

  function afterRefusal(retryAfterMs: number | null): number | Exclude<Asked, Answered> {
    metrics.count(METRICS.alloyCallsFailed);
    refusalsInARow += 1;
    const wait = waitFor(retryAfterMs, refusalsInARow);
    if (now() + wait >= deadline || refusalsInARow >= POLLER.refusalsToStop) {
      return stop("rate-limit");
    }
    bucket.slowDown(wait);
    return wait;
  }

  function afterFailure(
    cause: AlloyFailure,
    retryAfterMs: number | null,
    attempt: number,
  ): number | Exclude<Asked, Answered> {
    metrics.count(METRICS.alloyCallsFailed);
    failuresInARow += 1;
    if (failuresInARow >= POLLER.failuresToStop) stop("outage");
    const wait = waitFor(retryAfterMs, attempt);
    const isLast = attempt >= POLLER.attempts || FUTILE.includes(cause);
    if (isLast || stopped !== null) return { kind: "unanswered", cause };
    return now() + wait < deadline ? wait : stop("outage");
  }

  /** Never shorter than Alloy asks for, and never the same for calls that failed together. */
  function waitFor(retryAfterMs: number | null, attempt: number): number {
    if (retryAfterMs !== null) return retryAfterMs + POLLER.pauseMs * random();
    return POLLER.pauseMs * 2 ** (attempt - 1) * (0.5 + random());
  }

  function rest(restMs: number | undefined): void {
    if (restMs === undefined) return;
    if (now() + restMs >= deadline) stop("rate-limit");
    bucket.rest(restMs);
  }

  function logFailure(
    { applicationToken }: AskedApplication,
    answer: AlloyAnswer | { readonly kind: "stopped" },
  ): void {
    const { kind } = answer;
    if (kind === "application" || kind === "unknown" || kind === "stopped") return;
    const cause = kind === "failed" ? answer.cause : kind;
    logger.warn("poller.call.failed", { applicationToken, cause });
  }

  return {
    stopReason: () => stopped,
    hasAnswered: () => hasAnswered,
    async ask(application) {
      for (let failures = 0; ;) {
        const renewalsBefore = renewals;
        const answer = await call(application);
        logFailure(application, answer);
        let next: number | Exclude<Asked, Answered>;
        const { kind } = answer;
        switch (kind) {
          case "application":
          case "unknown":
            failuresInARow = 0;
            refusalsInARow = 0;
            hasAnswered = true;
            rest(answer.restMs);
            return answer;
          case "stopped":
            return answer;
          case "unauthorized":
            next = afterUnauthorized(renewalsBefore);
            break;
          case "rate-limited":
            next = afterRefusal(answer.retryAfterMs);
            break;
          case "failed":
            failures += 1;
            next = afterFailure(answer.cause, answer.retryAfterMs, failures);
            break;
        }
        if (typeof next === "object") return next;
        await sleep(next);
      }
    },
  };
}
