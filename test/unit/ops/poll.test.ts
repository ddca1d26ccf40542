import { LambdaClient } from "@aws-sdk/client-lambda";
import { describe, expect, it } from "vitest";

import { makePollerRuns, poll } from "../../../tools/ops/poll.ts";
import { aStack, KeptTerminal } from "../../support/operator.ts";
import { answered } from "../../../tools/cloud-in-memory/clients.ts";

/** A stack whose poller returns these, one after the other. */
function aPollerThatReturns(returns: readonly object[]) {
  const payloads: unknown[] = [];
  const left = [...returns];
  const lambda = answered(new LambdaClient({ region: "us-east-1" }), (input) => {
    payloads.push(JSON.parse(String(Object(input).Payload)));
    const answer = left.shift();
    if (answer === undefined) throw new Error("invoked once too often");
    return "FunctionError" in answer ? answer : { Payload: textOf(answer) };
  });
  return { stack: { ...aStack(), lambda }, terminal: new KeptTerminal(), payloads };
}

/** Runs `poll` against a poller that returns these, one after the other. */
async function polled(returns: readonly object[], options = { dryRun: false }) {
  const { stack, terminal, payloads } = aPollerThatReturns(returns);
  const ended = await poll(stack, options, terminal).then(
    () => null,
    (error: unknown) => error,
  );
  return { ended, terminal, payloads };
}

function textOf(answer: object) {
  return { transformToString: () => JSON.stringify(answer) };
}

const nothing = { due: 0, left: 0, overdue: 0, checked: 0, unanswered: 0, failed: 0 };

describe("a verb that has the poller run", () => {
  const silent = { ...nothing, due: 3, unanswered: 3 };

  it("goes on when Alloy answers for none of a run, which may have been without its own applications", async () => {
    const checked = { ...nothing, due: 2, checked: 2 };
    const { stack, terminal } = aPollerThatReturns([silent, silent, checked, silent, silent]);
    const run = makePollerRuns(stack, terminal, 3);

    for (let runs = 0; runs < 5; runs += 1) await expect(run()).resolves.toBeUndefined();
  });

  it("ends with the third such run in a row: that is an outage", async () => {
    const { stack, terminal } = aPollerThatReturns([silent, silent, silent]);
    const run = makePollerRuns(stack, terminal, 3);
    await run();
    await run();

    await expect(run()).rejects.toThrow(
      "Alloy did not answer for any of 3 applications. Run the command again when it does.",
    );
  });
});

describe("poll", () => {
  it("runs the poller until nothing is left", async () => {
    const { ended, terminal, payloads } = await polled([
      { ...nothing, due: 450, checked: 198, unknown: 2, left: 250 },
      { ...nothing, due: 250, checked: 200, left: 50 },
      { ...nothing, due: 50, checked: 50 },
    ]);

    expect(ended).toBeNull();
    expect(payloads).toEqual([{}, {}, {}]);
    expect(terminal.lines).toEqual(["Checked 448 applications. No application is due."]);
    expect(terminal.steps).toEqual([
      "Checked 198 so far, at least 250 remain …",
      "Checked 398 so far, at least 50 remain …",
    ]);
  });

  it("ends when the poller does not get on", async () => {
    const { ended } = await polled([
      { ...nothing, due: 450, checked: 200, left: 250 },
      { ...nothing, due: 250, unanswered: 2, left: 248 },
    ]);

    expect(ended).toHaveProperty(
      "message",
      "The poller made no progress: 248 applications remain. Alloy did not answer for 2 of them. For the reason: npm run ops -- logs poller",
    );
  });

  it.each([
    [{ unanswered: 2 }, "Alloy did not answer for 2"],
    [{ failed: 1 }, "1 failed"],
    [{ unanswered: 1, failed: 3 }, "Alloy did not answer for 1, 3 failed"],
  ])("does not call it done when something due was not checked: %j", async (not, why) => {
    const { ended, terminal } = await polled([
      { ...nothing, due: 450, checked: 200, left: 250, ...not },
      { ...nothing, due: 250, checked: 250 },
    ]);

    expect(terminal.lines).toEqual([]);
    expect(ended).toHaveProperty(
      "message",
      `Checked 450, but not every application that was due: ${why}. Those are due again later. For the reason: npm run ops -- logs poller`,
    );
  });

  it("does not call an outage of Alloy done", async () => {
    const { ended } = await polled([{ ...nothing, due: 2, unanswered: 2 }]);

    expect(ended).toHaveProperty(
      "message",
      expect.stringMatching(/^Checked 0, but not every application/),
    );
  });

  it("ends when a run fails", async () => {
    const { ended, payloads } = await polled([{ FunctionError: "Unhandled" }]);

    expect(ended).toHaveProperty(
      "message",
      expect.stringMatching(/^The run of the poller failed\..*npm run ops -- logs poller$/),
    );
    expect(payloads).toHaveLength(1);
  });

  it("prints what a dry run would do, and asks for nothing else", async () => {
    const applications = [
      {
        applicationToken: "JA-1",
        result: "checked",
        missing: 2,
        toQueue: 2,
        gapStage: "rejected",
        nextCheck: "2026-11-25T10:00:00.000Z",
      },
      {
        applicationToken: "JA-2",
        result: "checked",
        missing: 0,
        toQueue: 0,
        gapStage: null,
        nextCheck: null,
      },
    ];
    const { ended, terminal, payloads } = await polled([{ dryRun: true, due: 3, applications }], {
      dryRun: true,
    });

    expect(ended).toBeNull();
    expect(payloads).toEqual([{ dryRun: true }]);
    expect(terminal.lines).toEqual([
      "JA-1  checked, 2 missing, rejected, next check 2026-11-25T10:00:00.000Z",
      "JA-2  checked, 0 missing, no gap, next check none",
      "Dry run: 3 applications are due. The poller compared 2 of them and changed nothing.",
    ]);
  });
});
