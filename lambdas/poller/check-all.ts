import { mayBeCheckedAt } from "../domain/polling/asking-share.ts";
import type { PollerShare } from "../settings/poller-share.ts";
import { checkAfterFailure } from "../domain/polling/polling-schedule.ts";
import type {
  ClaimedApplication,
  DueApplication,
  DueApplications,
} from "../domain/polling/polling-ports.ts";
import { POLLER } from "../settings/limits.ts";
import { METRICS } from "../settings/metrics.ts";
import { act } from "./act.ts";
import type { AlloyCaller } from "./alloy-caller.ts";
import type { ActDependencies } from "./act.ts";
import { asUnanswered, checkApplication, failedCheck } from "./check-application.ts";
import type { CheckDependencies, Finding, Run } from "./check-application.ts";
import { isWorthRetrying, WaitingChecks } from "./waiting-checks.ts";
import type { WaitingCheck } from "./waiting-checks.ts";
import type { Testimony, Witnesses } from "./witness.ts";

export interface CheckAllDependencies extends CheckDependencies, ActDependencies {
  readonly applications: DueApplications;
  readonly witnesses: Witnesses;
  readonly sleep: (ms: number) => Promise<void>;
}

/** `taken`: by another run, or moved by a webhook meanwhile. `failed`: by a fault of ours. */
type Result = Finding["kind"] | "taken" | "failed";

/** A check that runs. */
interface RunningCheck {
  /** Whether its call has lasted for so long that it holds up no other check. */
  isSlow: boolean;
  readonly slow: PromiseWithResolvers<void>;
}

/** What a run did, for its log entry and its caller. */
export type RunReport = Readonly<Record<Result | "due" | "left" | "overdue", number>>;

/** What two parts of a run did. What is behind is counted over all parts. */
export function together(one: RunReport, other: RunReport): RunReport {
  return {
    checked: one.checked + other.checked,
    unknown: one.unknown + other.unknown,
    "other-environment": one["other-environment"] + other["other-environment"],
    ignored: one.ignored + other.ignored,
    rescheduled: one.rescheduled + other.rescheduled,
    unanswered: one.unanswered + other.unanswered,
    unfinished: one.unfinished + other.unfinished,
    taken: one.taken + other.taken,
    failed: one.failed + other.failed,
    due: one.due + other.due,
    left: one.left + other.left,
    overdue: Math.max(one.overdue, other.overdue),
  };
}

/** What a run did that met another one: that one checks what is due. */
export function leftToAnotherRun(due: number): RunReport {
  return { ...NOTHING_CHECKED, taken: due, due, left: 0, overdue: 0 };
}

const NOTHING_CHECKED: Readonly<Record<Result, number>> = {
  checked: 0,
  unknown: 0,
  "other-environment": 0,
  ignored: 0,
  rescheduled: 0,
  unanswered: 0,
  unfinished: 0,
  taken: 0,
  failed: 0,
};

/**
 * Checks what is due, until the budget of calls or of time ends, or Alloy is out. What is left stays due.
 *
 * 1. One application after the other, from all over the list, until Alloy knows one; then side by side. What takes
 *    long delays nothing, and an unanswered call is repeated once after the others.
 * 2. Where Alloy seems to know nobody, or to answer nobody, ask for the witness.
 * 3. Act on what is unknown, now that it is clear whether Alloy knows anybody: if it does not, nothing is given up.
 */
export async function checkAll(
  due: readonly DueApplication[],
  run: Run & {
    readonly deadline: number;
    /** The run before was cut off: each application is claimed, so that the one that ended it goes behind the others. */
    readonly isCareful: boolean;
    /** Of this poller. */
    readonly share: PollerShare;
  },
  dependencies: CheckAllDependencies,
): Promise<RunReport> {
  const { applications, witnesses, settings, metrics, logger, now, sleep } = dependencies;
  const { caller, deadline, isCareful, share } = run;
  const counts: Record<Result, number> = { ...NOTHING_CHECKED };
  const waiting = new WaitingChecks(due);
  const unfinished: DueApplication[] = [];
  const notHere: { readonly claimed: ClaimedApplication; readonly finding: Finding }[] = [];
  /** Applications that have failed so often that a person should know. */
  let failing = 0;
  const running = new Map<Promise<void>, RunningCheck>();
  let testimony: Testimony | null = null;
  const acting = { runId: run.runId, isAllListed: due.length < share.callsPerRun };

  while (!isOver()) await step();
  await Promise.all(running.keys());
  for (const { last } of waiting.unanswered()) {
    if (last !== null) await conclude(last.claimed, last.finding);
  }

  const isKnowing = await knowsAnybody();
  if (isKnowing && failing > 0) metrics.count(METRICS.applicationsUnchecked, failing);
  for (const { claimed, finding } of notHere) {
    const gap = claimed.gap ?? finding.gap;
    await conclude(
      claimed,
      isKnowing ? finding : asUnanswered(claimed.memory, finding, settings, now(), gap),
    );
  }
  if (!isKnowing && caller.hasDisowned()) {
    metrics.count(METRICS.runsKnowingNone);
    logger.error("poller.run.knows-nobody", { runId: run.runId });
  }
  const left = [...waiting.untouched(), ...unfinished];
  return { ...counts, due: due.length, left: left.length, overdue: await countOverdue(left) };

  function isOver(): boolean {
    if (caller.stopReason() !== null || now() >= deadline) return true;
    return running.size === 0 && waiting.isEmpty();
  }

  /** Begins a check, or waits until one can be begun. */
  async function step(): Promise<void> {
    if (await isDoubtful()) return;
    const next = hasRoom() ? waiting.take(!caller.hasKnown()) : null;
    if (next !== null) {
      const itself: RunningCheck = { isSlow: false, slow: Promise.withResolvers() };
      const check: Promise<void> = checkOne(next, itself).finally(() => running.delete(check));
      running.set(check, itself);
      return;
    }
    const quick = waiting.isEmpty() ? [] : quickOnes();
    const waits = [...running.keys(), ...quick.map(({ slow }) => slow.promise), ...waiting.waits()];
    // The last check may have ended just now.
    if (waits.length > 0) await Promise.race(waits);
  }

  /** Until Alloy knows somebody, one call at a time finds out, and no more than show an outage. */
  function hasRoom(): boolean {
    if (running.size >= share.mostAtOnce) return false;
    const quick = quickOnes().length;
    const isSure = caller.hasKnown() || (caller.hasAnswered() && testimony !== null);
    if (isSure) return quick < share.checksAtOnce;
    return quick === 0 && running.size < caller.leftBeforeOutage();
  }

  /** What waits for its turn is not slow: who comes after it would wait as well. */
  function quickOnes(): readonly RunningCheck[] {
    return [...running.values()].filter(({ isSlow }) => !isSlow);
  }

  /** Calls Alloy for the witness before concluding that Alloy answers or knows no application. */
  async function isDoubtful(): Promise<boolean> {
    const { unanswered, unknown } = caller.inVain();
    const isOut = !caller.hasAnswered() && unanswered === POLLER.failuresToStop - 1;
    const isStrange = !caller.hasKnown() && unknown >= POLLER.failuresToStop;
    if (testimony !== null || (!isOut && !isStrange)) return false;
    testimony = await witnesses.testify(caller);
    if (isStrange && testimony === "not-known") caller.stop("nobody-known");
    if (isOut && testimony === "known") caller.doubtOutage();
    return true;
  }

  async function knowsAnybody(): Promise<boolean> {
    if (caller.hasKnown()) return true;
    if (notHere.length === 0 && failing === 0 && !caller.hasDisowned()) return false;
    testimony ??= await witnesses.testify(caller);
    return testimony === "known" || caller.hasKnown();
  }

  async function checkOne(check: WaitingCheck, itself: RunningCheck): Promise<void> {
    const { due: one } = check;
    const becomeSlow = async () => {
      await sleep(POLLER.slowCheckMs);
      itself.isSlow = true;
      itself.slow.resolve();
    };
    const begun = () => void becomeSlow();
    const ask: AlloyCaller["ask"] = (asked, attempt) => caller.ask(asked, attempt, begun);
    const asking = { ...run, caller: { ...caller, ask } };
    let claimed: ClaimedApplication | null = check.last?.claimed ?? null;
    let finding: Finding | null = null;
    try {
      if (claimed === null) {
        const taken = isCareful ? "claimed" : await applications.take(one);
        claimed = taken === "claimed" ? await applications.claim(one, claimFrom(now())) : taken;
      }
      if (claimed === null) {
        counts.taken += 1;
        return;
      }
      const attempts = check.attempts + 1;
      finding = await checkApplication(claimed, one.dueAt, asking, dependencies, attempts);
      if (finding.kind === "unfinished" && check.last !== null) finding = check.last.finding;
      else if (isAgain(claimed, finding, { ...check, attempts })) return;
      if (finding.kind === "checked") await witnesses.keep(tokensOf(claimed));
      if (finding.kind === "other-environment") {
        const { applicationToken } = one;
        logger.warn("poller.application.other-environment", { applicationToken });
        metrics.count(METRICS.environmentMixed);
      }
      if (finding.kind === "unknown" || finding.kind === "other-environment") {
        notHere.push({ claimed, finding });
        return;
      }
      if (finding.isBusy && claimed.claimedUntil === null) {
        // It stays due as it is: the next run meets it again, for a read instead of a write that moves it in the index.
        count(finding);
        return;
      }
      if (finding.kind === "unfinished") unfinished.push(one);
      await act(claimed, finding, acting, dependencies);
      count(finding);
    } catch (error) {
      await fail(one, claimed, finding, error);
    }
  }

  function isAgain(claimed: ClaimedApplication, finding: Finding, check: WaitingCheck): boolean {
    const { waitMs } = finding;
    if (waitMs === null || !isWorthRetrying(claimed.memory, check, waitMs)) return false;
    const { shareUsedTo } = finding.memory;
    if (now() + waitMs >= deadline || mayBeCheckedAt(shareUsedTo, settings.polling) > now())
      return false;
    const memory = { ...claimed.memory, shareUsedTo };
    const last = { claimed: { ...claimed, memory }, finding };
    waiting.putBack({ ...check, last }, sleep(waitMs));
    return true;
  }

  async function conclude(claimed: ClaimedApplication, finding: Finding): Promise<void> {
    try {
      await act(claimed, finding, acting, dependencies);
      count(finding);
    } catch (error) {
      const { applicationToken } = claimed.state;
      await fail(
        { applicationToken, dueAt: claimed.dueAt, hasFailed: false },
        claimed,
        finding,
        error,
      );
    }
  }

  function count({ kind, memory }: Finding): void {
    counts[kind] += 1;
    if (kind === "unanswered" && memory.failedChecks >= POLLER.failuresToCount) failing += 1;
  }

  /**
   * One application that cannot be checked must not keep the others from it, nor be asked for in every run. What was
   * found missing is kept, so that it is counted; the next check announces it on the bus.
   */
  async function fail(
    { applicationToken }: DueApplication,
    claimed: ClaimedApplication | null,
    finding: Finding | null,
    error: unknown,
  ): Promise<void> {
    counts.failed += 1;
    logger.error("poller.check.failed", { applicationToken, reason: reasonOf(error) });
    if (claimed === null) return;
    const { shareUsedTo } = finding?.memory ?? claimed.memory;
    const { dueAt, memory } = failedCheck({ ...claimed.memory, shareUsedTo }, settings, now());
    if (memory.failedChecks >= POLLER.failuresToCount) failing += 1;
    const found = finding?.gap ?? null;
    const gap = found === null ? claimed.gap : ({ ...found, isUntold: true } as const);
    try {
      await applications.plan(claimed, { dueAt, memory, gap, at: now() });
    } catch (unplanned) {
      // It can be claimed again when its claim ends.
      logger.error("poller.check.failed", { applicationToken, reason: reasonOf(unplanned) });
    }
  }

  /**
   * A run can list only so many, and one of several pollers lists its own; when some are left, the index says how many there
   * are in all.
   */
  async function countOverdue(left: readonly DueApplication[]): Promise<number> {
    const overdueSince = now() - 2 * settings.polling.rateMs;
    const overdue = left.filter(({ dueAt }) => dueAt < overdueSince).length;
    const isListed = due.length < share.callsPerRun && share.pollers === 1;
    if (isListed || overdue === 0) return overdue;
    return Math.max(overdue, await applications.countDue(overdueSince));
  }

  function claimFrom(at: number) {
    return {
      now: at,
      until: at + POLLER.claimMs,
      again: (failedChecks: number) =>
        checkAfterFailure(failedChecks, { settings: settings.polling, now: at }),
    };
  }
}

function tokensOf({ state: { applicationToken, journeyToken } }: ClaimedApplication) {
  return { applicationToken, journeyToken: journeyToken ?? "" };
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
