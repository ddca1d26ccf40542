import { expect, it } from "vitest";
import { UnhealthyError } from "../../../tools/ops/operator-error.ts";
import { watch } from "../../../tools/ops/watch.ts";
import { anAnsweringStack, KeptTerminal } from "../../support/operator.ts";

it("watch writes status over every ten seconds", async () => {
  const terminal = new KeptTerminal();
  terminal.isInteractive = true;
  const waits: number[] = [];
  const wait = async (ms: number) => {
    waits.push(ms);
    if (waits.length === 2) throw new Error("interrupted");
  };

  await expect(watch(anAnsweringStack({}), terminal, { now: 0, wait })).rejects.toThrow(
    "interrupted",
  );

  expect(waits).toEqual([10_000, 10_000]);
  expect(terminal.lines.filter((line) => line.includes("HEALTHY"))).toHaveLength(2);
});

it("watch in a pipe prints once, and ends as status does", async () => {
  const terminal = new KeptTerminal();

  await expect(
    watch(anAnsweringStack({}), terminal, { now: 0, wait: () => Promise.reject(new Error()) }),
  ).rejects.toThrow(UnhealthyError);
  expect(terminal.lines[0]).toContain("NOT HEALTHY");
});
