import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { makeNarrator } from "../../../tools/local/terminal/stay-up.ts";
import { plain } from "../../../tools/terminal/lines.ts";
import type { Line } from "../../../tools/terminal/lines.ts";
import type { Screen } from "../../../tools/terminal/screen.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function aNarrator(ringers: (id: string) => string | null = () => null) {
  const said: string[] = [];
  const screen: Screen = {
    print: (...lines: readonly Line[]) => said.push(...lines.map(plain)),
    error: (...lines: readonly Line[]) => said.push(...lines.map(plain)),
    fact: (about, text) => said.push(`${about} ${text}`),
    apart: () => () => {},
    progress: (text) => said.push(text),
    redraw: (...lines: readonly Line[]) => said.push(...lines.map(plain)),
  };
  return { narrator: makeNarrator(screen, ringers), said };
}

const warning = (applicationToken: string, runId: string) =>
  JSON.stringify({
    level: "WARN",
    code: "poller.call.failed",
    message: "No.",
    applicationToken,
    runId,
  });

describe("while npm start stays up", () => {
  it("the same warning of every run of the poller is told once a minute: alarms were lost among them", () => {
    const { narrator, said } = aNarrator();
    narrator.follow();
    for (const runId of ["1", "2", "3"]) narrator.onLog(warning("JA-1", runId));
    narrator.onLog(warning("JA-2", "3"));
    vi.advanceTimersByTime(60_000);
    narrator.onLog(warning("JA-1", "60"));

    expect(said).toEqual(
      ["JA-1  runId 1", "JA-2  runId 3", "JA-1  runId 60"].map(
        (rest) => `warn           poller.call.failed: No.  applicationToken ${rest}`,
      ),
    );
  });

  it("an alarm that a scenario rings is said to be meant, and is news when it rings again", () => {
    const { narrator, said } = aNarrator(() => "all-webhooks-lost");
    const alarm = { id: "delivery-gap", reason: "1", description: "One is in gap." };
    narrator.onAlarm({ ...alarm, state: "ALARM" });
    narrator.follow();
    narrator.onAlarm({ ...alarm, state: "OK" });
    narrator.onAlarm({ ...alarm, state: "ALARM" });

    expect(said).toEqual([
      "alarm          delivery-gap, which all-webhooks-lost should ring: 1",
      "alarm over     delivery-gap",
      "alarm          delivery-gap: 1",
      "               One is in gap.",
    ]);
  });
});
