import { describe, expect, test } from "vitest";

import type { AlloyAnswer } from "../../../lambdas/domain/polling/polling-ports.ts";
import { shareOf } from "../../../lambdas/settings/poller-share.ts";
import { makeAlloyCaller } from "../../../lambdas/poller/alloy-caller.ts";
import type { Asked } from "../../../lambdas/poller/alloy-caller.ts";
import { POLLER } from "../../../lambdas/settings/limits.ts";
import { METRICS } from "../../../lambdas/settings/metrics.ts";
import { alloyAnswer, refuseList } from "../../../tools/cloud-in-memory/builders.ts";
import { POLLER_SETTINGS } from "../../../tools/cloud-in-memory/runtime.ts";
import { keptTelemetry } from "../../support/telemetry.ts";
import { Clock, SECOND } from "../../../tools/cloud-in-memory/clock.ts";

const RUN_MS = 45 * SECOND;
const asked = { applicationToken: "JA-1", journeyToken: "J-1" };

const unknown: AlloyAnswer = { kind: "unknown", status: 404, minorCode: 4041 };
const failed: AlloyAnswer = { kind: "failed", cause: "server-error", retryAfterMs: null };
const limited: AlloyAnswer = { kind: "rate-limited", retryAfterMs: null };

/** A caller in virtual time, to which Alloy gives these answers; the last one stays. */
function aCaller(
  answers: readonly AlloyAnswer[],
  options: { readonly random?: () => number; readonly requestsPerSecond?: number } = {},
) {
  const clock = new Clock(0);
  const callsAt: number[] = [];
  const timeouts: number[] = [];
  const { metrics, logger, kept } = keptTelemetry();
  let renewals = 0;
  const caller = makeAlloyCaller({
    alloy: {
      async getApplication(_application, timeoutMs) {
        const answer = answers[Math.min(callsAt.length, answers.length - 1)];
        if (answer === undefined) throw new Error("Alloy was given no answer");
        callsAt.push(clock.now());
        timeouts.push(timeoutMs);
        return answer;
      },
      listInvestigations: refuseList,
      renewCredentials() {
        renewals += 1;
      },
    },
    share: shareOf({
      ...POLLER_SETTINGS.polling,
      requestsPerSecond: options.requestsPerSecond ?? 5,
    }),
    environment: "sandbox",
    deadline: RUN_MS,
    metrics,
    logger,
    now: clock.now,
    random: options.random ?? (() => 0.5),
    sleep: clock.sleep,
  });
  const ask = (attempt = 1) => clock.during(() => caller.ask(asked, attempt));
  return {
    ask,
    /** So many calls, one after the other. */
    async asks(count: number) {
      const answers: Asked[] = [];
      for (let calls = 0; calls < count; calls += 1) answers.push(await ask());
      return answers;
    },
    caller,
    stopReason: () => caller.stopReason(),
    callsAt,
    timeouts,
    causes: () => kept.logs.map(({ fields }) => fields["cause"]),
    metrics: kept.metrics,
    renewals: () => renewals,
    advance: (ms: number) => {
      clock.skip(ms);
    },
    now: clock.now,
  };
}

describe("a call of Alloy", () => {
  test("that fails says how long to wait before the next, twice as long each time", async () => {
    const caller = aCaller([failed]);

    const answers = [await caller.ask(1), await caller.ask(2), await caller.ask(3)];

    expect(answers).toMatchObject([
      { kind: "unanswered", cause: "server-error", waitMs: 500 },
      { kind: "unanswered", cause: "server-error", waitMs: 1_000 },
      { kind: "unanswered", cause: "server-error", waitMs: 2_000 },
    ]);
    expect(caller.metrics.get(METRICS.alloyCalls)).toBe(3);
    expect(caller.metrics.get(METRICS.alloyCallsFailed)).toBe(3);
    expect(caller.causes()).toEqual(["server-error", "server-error", "server-error"]);
  });

  test("waits by chance, half as long to one and a half times as long", async () => {
    const [quick, slow] = [
      aCaller([failed], { random: () => 0 }),
      aCaller([failed], { random: () => 1 }),
    ];

    expect(await quick.ask()).toMatchObject({ waitMs: 250 });
    expect(await slow.ask()).toMatchObject({ waitMs: 750 });
  });

  test.each([
    ["429", "rate-limited"],
    ["503", "failed"],
  ] as const)("waits as long as a %s asks for, and not exactly that long", async (_, kind) => {
    const answer: AlloyAnswer =
      kind === "failed"
        ? { kind, cause: "server-error", retryAfterMs: 7 * SECOND }
        : { kind, retryAfterMs: 7 * SECOND };
    const caller = aCaller([answer, unknown]);

    const asked = await caller.ask();

    const waitMs = asked.kind === "unanswered" ? asked.waitMs : null;
    expect(waitMs).toBeGreaterThan(7 * SECOND);
    expect(waitMs).toBeLessThanOrEqual(7 * SECOND + POLLER.pauseMs);
  });

  test("ends the run when a 429 asks for more time than it has", async () => {
    const caller = aCaller([{ kind: "rate-limited", retryAfterMs: 60 * SECOND }]);

    const answers = await caller.asks(2);

    expect(answers.map(({ kind }) => kind)).toEqual(["unanswered", "stopped"]);
    expect(caller.callsAt).toEqual([0]);
    expect(caller.stopReason()).toBe("rate-limit");
    expect(caller.now()).toBe(0);
  });

  test("goes on with the others when a 503 asks for more time than the run has", async () => {
    const caller = aCaller([
      { kind: "failed", cause: "server-error", retryAfterMs: 60 * SECOND },
      unknown,
    ]);

    const answers = await caller.asks(2);

    expect(answers.map(({ kind }) => kind)).toEqual(["unanswered", "unknown"]);
    expect(caller.stopReason()).toBeNull();
  });

  test.each(["refused", "too-large"] as const)("is not to be made again when %s", async (cause) => {
    const caller = aCaller([{ kind: "failed", cause, retryAfterMs: null }]);

    expect(await caller.ask()).toEqual({ kind: "unanswered", cause, waitMs: null });
    expect(caller.stopReason()).toBeNull();
  });

  test("is answered by Alloy's word that it does not know: that is no failure", async () => {
    const caller = aCaller([unknown]);

    expect(await caller.ask()).toEqual(unknown);
    expect(caller.metrics.get(METRICS.alloyCallsFailed)).toBeUndefined();
  });

  test("is refused ten times in a row at most, at half the rate each time", async () => {
    const caller = aCaller([limited]);

    while (caller.stopReason() === null) await caller.ask();

    expect(caller.callsAt.length).toBeLessThanOrEqual(POLLER.refusalsToStop);
    expect(caller.stopReason()).toBe("rate-limit");
    const waits = caller.callsAt.map((at, index) => at - (caller.callsAt[index - 1] ?? 0));
    expect(waits).toEqual(waits.toSorted((one, other) => one - other));
  });

  test("waits for the next limit when the answer says that it was the last of this one", async () => {
    const caller = aCaller([{ ...unknown, restMs: 3 * SECOND }, unknown]);

    await caller.asks(3);

    expect(caller.callsAt).toEqual([0, 3 * SECOND, 3 * SECOND + 200]);
    expect(caller.stopReason()).toBeNull();
  });

  test("ends the run when the next limit begins after it", async () => {
    const caller = aCaller([{ ...unknown, restMs: RUN_MS }]);

    const answers = await caller.asks(2);

    expect(answers.map(({ kind }) => kind)).toEqual(["unknown", "stopped"]);
    expect(caller.stopReason()).toBe("rate-limit");
  });

  test("keeps to the rate, with a second's worth at once", async () => {
    const caller = aCaller([unknown], { requestsPerSecond: 2 });

    await caller.asks(5);

    expect(caller.callsAt).toEqual([0, 0, 500, 1_000, 1_500]);
  });

  test("takes 5 s at most, and no longer than the run", async () => {
    const caller = aCaller([unknown]);

    await caller.ask();
    caller.advance(RUN_MS - 1_200);
    await caller.ask();

    expect(caller.timeouts).toEqual([POLLER.callMs, 1_200]);
  });

  test("has the credentials read again once in a run, by 401", async () => {
    const refused: AlloyAnswer = { kind: "unauthorized" };
    const caller = aCaller([refused, refused]);

    const answers = await caller.asks(3);

    expect(answers.map(({ kind }) => kind)).toEqual(["unanswered", "unanswered", "stopped"]);
    expect(caller.renewals()).toBe(1);
    expect(caller.stopReason()).toBe("credentials");
    expect(caller.metrics.get(METRICS.alloyCallsUnauthorized)).toBe(2);
  });

  test("that is refused with credentials that let others in is that application's own trouble", async () => {
    const refused: AlloyAnswer = { kind: "unauthorized" };
    const caller = aCaller([refused, unknown, refused, unknown]);

    const answers = await caller.asks(4);

    expect(answers).toMatchObject([
      { kind: "unanswered", waitMs: 0 },
      { kind: "unknown" },
      { kind: "unanswered", waitMs: null },
      { kind: "unknown" },
    ]);
    expect(caller.stopReason()).toBeNull();
  });

  test("is an outage after five failures in a row, while nobody is answered", async () => {
    const caller = aCaller([failed]);

    await caller.asks(6);

    expect(caller.stopReason()).toBe("outage");
    expect(caller.callsAt).toHaveLength(POLLER.failuresToStop);
  });

  test("is no outage, however many fail, once somebody was answered", async () => {
    const caller = aCaller([unknown, failed]);

    await caller.asks(30);

    expect(caller.stopReason()).toBeNull();
  });

  test("that is answered with another environment's application is known to nobody", async () => {
    const live = aCaller([alloyAnswer("JA-1", [], { sandbox: false })]);
    const sandbox = aCaller([alloyAnswer("JA-1", [])]);

    await live.ask();
    await sandbox.ask();

    expect([live.caller.hasKnown(), sandbox.caller.hasKnown()]).toEqual([false, true]);
  });
});
