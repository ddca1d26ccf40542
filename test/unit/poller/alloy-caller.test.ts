import { describe, expect, test } from "vitest";

import type { AlloyAnswer } from "../../../lambdas/domain/polling-ports.ts";
import { makeAlloyCaller } from "../../../lambdas/poller/alloy-caller.ts";
import { METRICS, POLLER } from "../../../lambdas/settings.ts";
import { POLLER_SETTINGS } from "../../support/poller.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

const SECOND = 1_000;
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
  const clock = new VirtualClock(0);
  const callsAt: number[] = [];
  const timeouts: number[] = [];
  const causes: unknown[] = [];
  const metrics = new Map<string, number>();
  let renewals = 0;
  const log = (_code: string, fields = {}) => void causes.push(Object.values(fields)[1]);
  const caller = makeAlloyCaller({
    alloy: {
      async getApplication(_application, timeoutMs) {
        const answer = answers[Math.min(callsAt.length, answers.length - 1)];
        if (answer === undefined) throw new Error("Alloy was given no answer");
        callsAt.push(clock.now());
        timeouts.push(timeoutMs);
        return answer;
      },
      renewCredentials() {
        renewals += 1;
      },
    },
    settings: {
      ...POLLER_SETTINGS.polling,
      requestsPerSecond: options.requestsPerSecond ?? 5,
    },
    deadline: RUN_MS,
    metrics: {
      count: (name, value = 1) => void metrics.set(name, (metrics.get(name) ?? 0) + value),
      milliseconds() {},
      flush() {},
    },
    logger: { debug: log, info: log, warn: log, error: log },
    now: clock.now,
    random: options.random ?? (() => 0.5),
    sleep: clock.sleep,
  });
  return {
    ask: () => clock.run(() => caller.ask(asked)),
    stopReason: () => caller.stopReason(),
    callsAt,
    timeouts,
    causes,
    metrics,
    renewals: () => renewals,
    advance: (ms: number) => {
      clock.advance(ms);
    },
    now: clock.now,
  };
}

describe("a call of Alloy", () => {
  test("is tried three times, with a wait that doubles", async () => {
    const caller = aCaller([failed]);

    const answer = await caller.ask();

    expect(answer).toEqual({ kind: "unanswered", cause: "server-error" });
    expect(caller.callsAt).toEqual([0, 500, 1_500]);
    expect(caller.metrics.get(METRICS.alloyCalls)).toBe(3);
    expect(caller.metrics.get(METRICS.alloyCallsFailed)).toBe(3);
    expect(caller.causes).toEqual(["server-error", "server-error", "server-error"]);
  });

  test("waits by chance, half as long to one and a half times as long", async () => {
    const [quick, slow] = [
      aCaller([failed], { random: () => 0 }),
      aCaller([failed], { random: () => 1 }),
    ];

    await quick.ask();
    await slow.ask();

    expect(quick.callsAt).toEqual([0, 250, 750]);
    expect(slow.callsAt).toEqual([0, 750, 2_250]);
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

    await caller.ask();

    const [, second = 0] = caller.callsAt;
    expect(second).toBeGreaterThan(7 * SECOND);
    expect(second).toBeLessThanOrEqual(7 * SECOND + POLLER.pauseMs);
  });

  test.each([
    [{ kind: "rate-limited", retryAfterMs: 60 * SECOND }, "rate-limit"],
    [{ kind: "failed", cause: "server-error", retryAfterMs: 60 * SECOND }, "outage"],
  ] as const)("does not wait beyond the end of the run: %j", async (answer, reason) => {
    const caller = aCaller([answer]);

    expect(await caller.ask()).toEqual({ kind: "stopped" });
    expect(caller.callsAt).toEqual([0]);
    expect(caller.stopReason()).toBe(reason);
    expect(caller.now()).toBe(0);
  });

  test.each(["refused", "too-large"] as const)("is not tried again when %s", async (cause) => {
    const caller = aCaller([{ kind: "failed", cause, retryAfterMs: null }]);

    expect(await caller.ask()).toEqual({ kind: "unanswered", cause });
    expect(caller.callsAt).toHaveLength(1);
    expect(caller.stopReason()).toBeNull();
  });

  test.each([400, 403, 404])(
    "is answered by %d: that is no failure and no retry",
    async (status) => {
      const answer: AlloyAnswer = { kind: "unknown", status, minorCode: null };
      const caller = aCaller([answer]);

      expect(await caller.ask()).toEqual(answer);
      expect(caller.callsAt).toHaveLength(1);
      expect(caller.metrics.get(METRICS.alloyCallsFailed)).toBeUndefined();
    },
  );

  test("is refused ten times in a row at most, at half the rate each time", async () => {
    const caller = aCaller([limited]);

    expect(await caller.ask()).toEqual({ kind: "stopped" });
    expect(caller.callsAt.length).toBeLessThanOrEqual(POLLER.refusalsToStop);
    expect(caller.stopReason()).toBe("rate-limit");
    const waits = caller.callsAt.map((at, index) => at - (caller.callsAt[index - 1] ?? 0));
    expect(waits).toEqual(waits.toSorted((one, other) => one - other));
  });

  test("waits for the next limit when the answer says that it was the last of this one", async () => {
    const caller = aCaller([{ ...unknown, restMs: 3 * SECOND }, unknown]);

    await caller.ask();
    await caller.ask();
    await caller.ask();

    expect(caller.callsAt).toEqual([0, 3 * SECOND, 3 * SECOND + 200]);
    expect(caller.stopReason()).toBeNull();
  });

  test("ends the run when the next limit begins after it", async () => {
    const caller = aCaller([{ ...unknown, restMs: RUN_MS }]);

    const answers = [await caller.ask(), await caller.ask()];

    expect(answers.map(({ kind }) => kind)).toEqual(["unknown", "stopped"]);
    expect(caller.stopReason()).toBe("rate-limit");
  });

  test("keeps to the rate, with a second's worth at once", async () => {
    const caller = aCaller([unknown], { requestsPerSecond: 2 });

    for (let calls = 0; calls < 5; calls += 1) await caller.ask();

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
    const caller = aCaller([{ kind: "unauthorized" }, unknown, { kind: "unauthorized" }]);

    const answers = [await caller.ask(), await caller.ask(), await caller.ask()];

    expect(answers.map(({ kind }) => kind)).toEqual(["unknown", "stopped", "stopped"]);
    expect(caller.renewals()).toBe(1);
    expect(caller.stopReason()).toBe("credentials");
    expect(caller.metrics.get(METRICS.alloyCallsUnauthorized)).toBe(2);
  });

  test("counts failures in a row only until an answer comes", async () => {
    const fourTimes: readonly AlloyAnswer[] = [failed, failed, failed, failed, unknown];
    const caller = aCaller([...fourTimes, ...fourTimes]);

    const answers = [];
    for (let calls = 0; calls < 4; calls += 1) answers.push((await caller.ask()).kind);

    expect(answers).toEqual(["unanswered", "unknown", "unanswered", "unknown"]);
    expect(caller.stopReason()).toBeNull();
  });
});
