import { expect, it } from "vitest";
import { logs } from "../../../tools/ops/logs.ts";
import { anAnsweringStack, KeptTerminal } from "../../support/operator.ts";

const NOW = Date.parse("2026-11-26T03:00:00.000Z");

const USUAL = {
  application: null,
  hours: null,
  since: null,
  until: null,
  follow: false,
  now: NOW,
  wait: () => Promise.resolve(),
};

function stackWith(events: readonly { readonly timestamp: number; readonly message: string }[]) {
  return anAnsweringStack({
    FilterLogEvents: { events },
    GetFunctionConfiguration: { LoggingConfig: { LogGroup: "group" } },
  });
}

const error = (n: number) => ({
  timestamp: NOW - n * 1_000,
  message: JSON.stringify({ level: "ERROR", message: `fault ${n}` }),
});

async function printed(
  events: Parameters<typeof stackWith>[0],
  options: Partial<typeof USUAL> | { readonly since: string } = {},
) {
  const terminal = new KeptTerminal();
  const result = await logs(stackWith(events), "consumer", { ...USUAL, ...options }, terminal);
  return { lines: terminal.lines, result };
}

it("logs shows the fault of a minute ago, however many lines are before it, newest last", async () => {
  // U2: it printed the oldest 200 lines.
  const events = Array.from({ length: 500 }, (_, index) => error(500 - index));

  const { lines, result } = await printed(events);

  expect(lines).toHaveLength(201);
  expect(lines[0]).toMatch(/^\(The newest 200 lines; --until 2026-/);
  expect(lines.at(-1)).toContain("fault 1");
  expect(result.isCut).toBe(true);
});

it.each(["10m", "0.25h", "2026-11-26T02:50:00Z"])("logs takes --since %s", async (since) => {
  await expect(printed([error(1)], { since })).resolves.toBeDefined();
});

it("logs says what a time may be", async () => {
  await expect(printed([], { since: "soon" })).rejects.toThrow(
    '--since is "soon"; it must be a time in ISO 8601, such as 2026-11-23T20:00:00Z, or an age, such as 10m, 2h or 3d.',
  );
});

it("logs leaves out the runtime's own lines, but not a run that was cut off", async () => {
  const platform = (type: string, status: string) => ({
    timestamp: NOW,
    message: JSON.stringify({ time: "t", type, record: { requestId: "r", status } }),
  });

  const { lines } = await printed([
    platform("platform.start", "success"),
    platform("platform.report", "timeout"),
    { timestamp: NOW, message: "START RequestId: r" },
    // U2: what Node says of a package's code stood between the lines of a fault.
    {
      timestamp: NOW,
      message:
        "(node:18076) [DEP0169] DeprecationWarning: `url.parse()` behavior is not standardized",
    },
    {
      timestamp: NOW,
      message: "(Use `node --trace-deprecation ...` to show where the warning was created)",
    },
  ]);

  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain('"status":"timeout"');
});

it("logs --follow goes on after the first lines, and prints each line once", async () => {
  const terminal = new KeptTerminal();
  let waits = 0;
  const wait = async () => {
    waits += 1;
    if (waits === 3) throw new Error("interrupted");
  };

  const ended = logs(stackWith([error(1)]), "consumer", { ...USUAL, follow: true, wait }, terminal);

  await expect(ended).rejects.toThrow("interrupted");
  expect(terminal.lines).toHaveLength(1);
});

it("logs leaves out what only metric filters read, and not a line that looks like it", async () => {
  // The short lines of the consumer stood between the faults, one for each webhook.
  const short = "production 1 - 1 1 - 512 - 1 -";

  const { lines } = await printed([
    { timestamp: NOW, message: `${short}\n` },
    { timestamp: NOW, message: short.replace("512", "late") },
  ]);

  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain("late");
});
