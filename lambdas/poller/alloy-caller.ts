import { isOtherEnvironment } from "../domain/event/environment.ts";
import type { Environment } from "../domain/event/journey-event.ts";
import type {
  AlloyAnswer,
  AlloyApi,
  AlloyFailure,
  AlloyListAnswer,
} from "../domain/polling/polling-ports.ts";
import type { PollerShare } from "../settings/poller-share.ts";
import { POLLER } from "../settings/limits.ts";
import { METRICS } from "../settings/metrics.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import type { MessageLogger } from "../telemetry/powertools-logger.ts";
import { makeTokenBucket } from "./token-bucket.ts";

/** An answer about an application. */
export type Answered = Extract<AlloyAnswer, { kind: "application" | "unknown" }>;

/** One call that came to no answer about the application. */
export interface Unanswered {
  readonly kind: "unanswered";
  readonly cause: AlloyFailure | "rate-limited" | "unauthorized";
  /** Before the next call about it, in milliseconds; null: it would come to the same in this run. */
  readonly waitMs: number | null;
}

/** `stopped`: no call was made, since this run asks nothing more. */
export type Asked = Answered | Unanswered | { readonly kind: "stopped" };

/** The same of a page of the list of Investigations. */
export type Listed =
  | Extract<AlloyListAnswer, { kind: "investigations" }>
  | { readonly kind: "unanswered"; readonly isPermanent: boolean }
  | { readonly kind: "stopped" };

/** Why a run asks nothing more. */
export type StopReason = "credentials" | "outage" | "rate-limit" | "nobody-known" | "budget";

export type AskedApplication = Parameters<AlloyApi["getApplication"]>[0];

/** Of these the next call would come to the same. */
const PERMANENT: readonly AlloyFailure[] = ["refused", "too-large"];

/** Alloy, as one run of the poller calls it. */
export interface AlloyCaller {
  /**
   * Calls once.
   *
   * @param attempt - how often this run has asked for it, this time included.
   * @param begun - called when its turn has come.
   */
  ask(application: AskedApplication, attempt: number, begun?: () => void): Promise<Asked>;
  /** Calls once for a page of the list of Investigations, from 1. */
  list(page: number): Promise<Listed>;
  /** Null while it may be asked. */
  stopReason(): StopReason | null;
  /** For what a run found out besides. */
  stop(reason: StopReason): void;
  /** Whether anybody was answered in this run: until then, one call at a time finds out. */
  hasAnswered(): boolean;
  /** Whether Alloy knew any application, of the stage's environment, in this run. */
  hasKnown(): boolean;
  /** Whether Alloy, or what stands in its place, answered without knowing an application, or refused to. */
  hasDisowned(): boolean;
  /** Calls in a row in which nobody was answered, and answers in a row that knew nobody. */
  inVain(): { readonly unanswered: number; readonly unknown: number };
  /** Failed calls that remain before a run without any answer stops. */
  leftBeforeOutage(): number;
  /** Alloy has answered a while ago: more calls are worth it before this is called an outage. */
  doubtOutage(): void;
}

/**
 * Calls Alloy within what a run may use up: calls, rate, time, and patience.
 *
 * - A failure counts as the application's own until Alloy answers for none: the run continues with the others, and
 *   comes back to it after the time that Alloy asks for, or one that doubles.
 * - So many failures in a row stop a run in which nobody was answered: an outage costs a few calls, whatever is due.
 * - 429 halves the rate for the rest of the run; so many in a row, or one that outlasts the run, stop it.
 * - When an answer says that it was the last one of Alloy's limit, the next call waits for the next limit.
 * - 401 has the credentials read again, once; if they let nobody in either, that stops the run.
 */
export function makeAlloyCaller(options: {
  readonly alloy: AlloyApi;
  /** Of this poller. */
  readonly share: Pick<PollerShare, "requestsPerSecond" | "burst" | "callsPerRun">;
  /** The stage's: an application of another one is none that it knows. */
  readonly environment: Environment;
  /** Epoch milliseconds. */
  readonly deadline: number;
  readonly metrics: Metrics<"poller">;
  readonly logger: MessageLogger;
  readonly now: () => number;
  readonly random: () => number;
  readonly sleep: (ms: number) => Promise<void>;
}): AlloyCaller {
  const { alloy, share, environment, deadline, metrics, logger, now, random, sleep } = options;
  const { requestsPerSecond: perSecond, burst } = share;
  const bucket = makeTokenBucket({ perSecond, burst, now, sleep });
  let callsLeft = share.callsPerRun;
  let failuresInARow = 0;
  let failuresToStop: number = POLLER.failuresToStop;
  let refusalsInARow = 0;
  let unknownInARow = 0;
  let renewals = 0;
  let answeredSinceRenewal = false;
  let hasAnswered = false;
  let hasKnown = false;
  let hasDisowned = false;
  let stopped: StopReason | null = null;

  function stop(reason: StopReason): void {
    stopped ??= reason;
  }

  /** Null when it is not made. */
  async function call<Answer>(
    make: (timeoutMs: number) => Promise<Answer>,
    begun?: () => void,
  ): Promise<Answer | null> {
    if (stopped !== null) return null;
    if (callsLeft === 0 || !(await bucket.take(deadline))) stop("budget");
    // Another call may have found out something while this one waited for its turn.
    if (stopped === null && callsLeft === 0) stop("budget");
    if (stopped !== null) return null;
    callsLeft -= 1;
    metrics.count(METRICS.alloyCalls);
    begun?.();
    return make(Math.min(POLLER.callMs, deadline - now()));
  }

  function afterUnauthorized(renewalsBefore: number): Unanswered {
    metrics.count(METRICS.alloyCallsUnauthorized);
    const again: Unanswered = { kind: "unanswered", cause: "unauthorized", waitMs: 0 };
    // The call had set out with credentials that have been renewed since.
    if (renewalsBefore < renewals) return again;
    if (renewals === 0) {
      renewals += 1;
      answeredSinceRenewal = false;
      alloy.renewCredentials();
      return again;
    }
    if (!answeredSinceRenewal) stop("credentials");
    // Others were let in with the same credentials.
    return { ...again, waitMs: null };
  }

  function afterRefusal(retryAfterMs: number | null): Unanswered {
    metrics.count(METRICS.alloyCallsFailed);
    refusalsInARow += 1;
    const waitMs = waitFor(retryAfterMs, refusalsInARow);
    if (now() + waitMs >= deadline || refusalsInARow >= POLLER.refusalsToStop) stop("rate-limit");
    else bucket.slowDown(waitMs);
    return { kind: "unanswered", cause: "rate-limited", waitMs };
  }

  function afterFailure(
    cause: AlloyFailure,
    retryAfterMs: number | null,
    attempt: number,
  ): Unanswered {
    metrics.count(METRICS.alloyCallsFailed);
    failuresInARow += 1;
    if (cause === "refused" || cause === "not-an-application") hasDisowned = true;
    if (!hasAnswered && failuresInARow >= failuresToStop) stop("outage");
    const waitMs = PERMANENT.includes(cause) ? null : waitFor(retryAfterMs, attempt);
    return { kind: "unanswered", cause, waitMs };
  }

  function afterAnswer(answer: Answered): Answered {
    const isKnown =
      answer.kind === "application" &&
      !isOtherEnvironment(answer.application.snapshot?.environment ?? null, environment);
    failuresInARow = 0;
    refusalsInARow = 0;
    unknownInARow = isKnown ? 0 : unknownInARow + 1;
    hasAnswered = true;
    answeredSinceRenewal = true;
    hasKnown ||= isKnown;
    hasDisowned ||= !isKnown;
    rest(answer.restMs);
    return answer;
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

  return {
    stopReason: () => stopped,
    stop,
    hasAnswered: () => hasAnswered,
    hasKnown: () => hasKnown,
    hasDisowned: () => hasDisowned,
    leftBeforeOutage: () =>
      hasAnswered ? Number.POSITIVE_INFINITY : failuresToStop - failuresInARow,
    doubtOutage: () => {
      failuresToStop = POLLER.failuresToStopInDoubt;
    },
    inVain: () => ({ unanswered: failuresInARow, unknown: unknownInARow }),
    async ask(application, attempt, begun) {
      const renewalsBefore = renewals;
      const answer = await call((ms) => alloy.getApplication(application, ms), begun);
      if (answer === null) return { kind: "stopped" };
      const { kind } = answer;
      if (kind === "application" || kind === "unknown") return afterAnswer(answer);
      const { applicationToken } = application;
      const cause = kind === "failed" ? answer.cause : kind;
      logger.warn("poller.call.failed", { applicationToken, cause });
      switch (kind) {
        case "unauthorized":
          return afterUnauthorized(renewalsBefore);
        case "rate-limited":
          return afterRefusal(answer.retryAfterMs);
        case "failed":
          return afterFailure(answer.cause, answer.retryAfterMs, attempt);
      }
    },
    async list(page) {
      const renewalsBefore = renewals;
      const answer = await call((ms) => alloy.listInvestigations(page, ms));
      if (answer === null) return { kind: "stopped" };
      const { kind } = answer;
      if (kind === "investigations") {
        answeredSinceRenewal = true;
        rest(answer.restMs);
        return answer;
      }
      const cause = kind === "failed" ? answer.cause : kind;
      logger.warn("poller.call.failed", { list: "investigations", cause });
      // An account without Investigations is refused here, and here alone: that says nothing of its applications.
      if (kind === "failed") metrics.count(METRICS.alloyCallsFailed);
      if (kind === "unauthorized") afterUnauthorized(renewalsBefore);
      if (kind === "rate-limited") afterRefusal(answer.retryAfterMs);
      return {
        kind: "unanswered",
        isPermanent: kind === "failed" && PERMANENT.includes(answer.cause),
      };
    },
  };
}
