import { describe, expect, test } from "vitest";

import type { AlloyAnswer } from "../../../lambdas/domain/polling/polling-ports.ts";
import { parseWebhook } from "../../../lambdas/domain/event/parse-webhook.ts";
import { POLLER } from "../../../lambdas/settings/limits.ts";
import { METRICS } from "../../../lambdas/settings/metrics.ts";
import { aJourneyEvent } from "../../support/journey-event.ts";
import {
  aPoller,
  DAY,
  HOUR,
  MINUTE,
  numbered,
  openApplications,
  recordOf,
  START,
  withRecorded,
} from "../../support/poller.ts";
import { alloyAnswer } from "../../../tools/cloud-in-memory/builders.ts";
import { POLLER_SETTINGS } from "../../../tools/cloud-in-memory/runtime.ts";

const SECOND = 1_000;

const { rateMs, runMs } = POLLER_SETTINGS.polling;
const RUNS_A_DAY = DAY / rateMs;
const APPLICATIONS = 100;

const tokens = numbered("JA", APPLICATIONS);
const started = (applicationToken: string) =>
  aJourneyEvent({ applicationToken, at: START - 20 * MINUTE });
/** Of which no webhook came. */
const lost = (applicationToken: string) =>
  aJourneyEvent({ applicationToken, type: "pending_review", at: START - 18 * MINUTE });

interface World {
  readonly now: number;
  /** How often the poller has had its credentials read again. */
  readonly renewals: number;
  /** When it last did. */
  readonly renewedAt: number;
}

/**
 * Lets the poller run for a day while Alloy gives these answers, and then until everything is healed,
 * with a consumer that records what is queued. Null lets Alloy answer as it should.
 */
async function aDayOf(
  trouble: (world: World) => AlloyAnswer | null,
  options: { readonly callMs?: number } = {},
) {
  const applications = openApplications(...tokens);
  let isOver = false;
  let renewedAt = START;
  let renewals = 0;
  const poller = aPoller(applications, {
    callMs: options.callMs ?? 100,
    answer(token) {
      if (poller.renewals() > renewals) {
        renewals = poller.renewals();
        renewedAt = poller.now();
      }
      const answer = isOver ? null : trouble({ now: poller.now(), renewals, renewedAt });
      return (
        answer ??
        alloyAnswer(token, [started(token), lost(token)], {
          status: "waiting_review",
          updated_at: lost(token).at,
        })
      );
    },
  });

  let consumed = 0;
  function consume(): void {
    for (const { body } of poller.sent.slice(consumed)) {
      const parsed = parseWebhook(body ?? "");
      if (parsed.kind !== "journey-event") throw new Error(`queued: ${parsed.kind}`);
      const { event } = parsed;
      const { applicationToken } = event;
      const stored = applications.get(applicationToken);
      if (stored === undefined) throw new Error(`queued of nobody: ${applicationToken}`);
      const events = [recordOf(started(applicationToken)), recordOf(event, { origin: "poll" })];
      const { state } = withRecorded([started(applicationToken), event]);
      applications.set(applicationToken, { ...stored, state, events });
    }
    consumed = poller.sent.length;
  }

  const callsPerRun: number[] = [];
  async function runAt(tick: number): Promise<void> {
    const before = poller.calls.length;
    poller.advance(tick - poller.now());
    await poller.run();
    callsPerRun.push(poller.calls.length - before);
    consume();
  }

  for (let run = 0; run < RUNS_A_DAY; run += 1) await runAt(START + run * rateMs);
  const day = {
    calls: poller.calls.length,
    most: Math.max(...callsPerRun),
    failed: poller.metric(METRICS.alloyCallsFailed) ?? 0,
    unauthorized: poller.metric(METRICS.alloyCallsUnauthorized) ?? 0,
    runs: poller.metric(METRICS.pollerRuns) ?? 0,
    behind: poller.metric(METRICS.applicationsBehind) ?? 0,
    healed: healed(),
  };

  isOver = true;
  // What Alloy was asked for in vain is asked for again within a day.
  for (let run = RUNS_A_DAY; run < 2 * RUNS_A_DAY && healed() < APPLICATIONS; run += 1) {
    await runAt(START + run * rateMs);
  }
  return { day, healed: healed() };

  function healed(): number {
    return [...applications.values()].filter(({ events }) => events.length > 1).length;
  }
}

const failed = (cause: "server-error" | "not-an-application" | "timeout"): AlloyAnswer => ({
  kind: "failed",
  cause,
  retryAfterMs: null,
});

describe(`a day of trouble, with ${APPLICATIONS} applications due and ${RUNS_A_DAY} runs: nothing is lost, and Alloy is called`, () => {
  test.each([
    ["an outage", () => failed("server-error"), 100],
    ["an outage that hangs", () => failed("timeout"), POLLER.callMs],
    ["a page of garbage", () => failed("not-an-application"), 100],
  ] as const)("5 times a run, 1440 times in all, in %s", async (_, trouble, callMs) => {
    const { day, healed } = await aDayOf(trouble, { callMs });

    expect(day).toEqual({
      calls: 1_440,
      most: POLLER.failuresToStop,
      failed: 1_440,
      unauthorized: 0,
      runs: RUNS_A_DAY,
      behind: expect.any(Number),
      healed: 0,
    });
    expect(day.behind).toBeGreaterThan(APPLICATIONS);
    expect(healed).toBe(APPLICATIONS);
  });

  test("twice a run, 576 times in all, with a key that is revoked", async () => {
    const { day, healed } = await aDayOf(() => ({ kind: "unauthorized" }));

    expect(day).toMatchObject({ calls: 576, most: 2, unauthorized: 576, failed: 0, healed: 0 });
    expect(day.runs).toBe(RUNS_A_DAY);
    expect(day.behind).toBeGreaterThan(APPLICATIONS);
    expect(healed).toBe(APPLICATIONS);
  });

  test("once more for each bearer that expired, at most 24 times", async () => {
    const healthy = await aDayOf(() => null);

    const { day, healed } = await aDayOf(({ now, renewedAt }) =>
      now - renewedAt >= HOUR ? { kind: "unauthorized" } : null,
    );

    expect(day.unauthorized).toBeGreaterThan(0);
    expect(day.unauthorized).toBeLessThanOrEqual(24);
    expect(day.calls).toBe(healthy.day.calls + day.unauthorized);
    expect(day).toMatchObject({ failed: 0, runs: RUNS_A_DAY, behind: 0 });
    expect(healed).toBe(APPLICATIONS);
  });

  test("at the rate that it allows, 1 a second, with 10 refusals a run at most", async () => {
    let nextAllowedAt = 0;
    const { day, healed } = await aDayOf(
      ({ now }) => {
        if (now < nextAllowedAt) return { kind: "rate-limited", retryAfterMs: nextAllowedAt - now };
        nextAllowedAt = now + SECOND;
        return null;
      },
      { callMs: 10 },
    );

    expect(day.most).toBeLessThanOrEqual(runMs / SECOND + POLLER.refusalsToStop);
    expect(day.failed).toBeLessThanOrEqual(RUNS_A_DAY * POLLER.refusalsToStop);
    expect(day).toMatchObject({ unauthorized: 0, runs: RUNS_A_DAY, healed: APPLICATIONS });
    expect(healed).toBe(APPLICATIONS);
  });
});
