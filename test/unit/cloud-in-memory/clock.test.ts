import { expect, test } from "vitest";

import { Clock } from "../../../tools/cloud-in-memory/clock.ts";

test("lets things happen in the order of their time, and of one time in the order they were set", async () => {
  const clock = new Clock(1_000);
  const happened: string[] = [];
  const tell = (what: string) => () => void happened.push(`${what} at ${clock.now()}`);
  clock.after(20, tell("late"));
  clock.after(10, tell("first"));
  clock.after(10, tell("second"));

  await clock.run(1_015);

  expect(happened).toEqual(["first at 1010", "second at 1010"]);
  expect(clock.now()).toBe(1_015);
});

test("lets everything that waits for a promise run before time goes on", async () => {
  const clock = new Clock(0);
  const happened: string[] = [];
  async function deep(levels: number): Promise<void> {
    if (levels > 0) await deep(levels - 1);
    await Promise.resolve();
  }
  clock.after(1, () => {
    void deep(100).then(() => happened.push(`deep at ${clock.now()}`));
  });
  clock.after(2, () => happened.push(`next at ${clock.now()}`));

  await clock.run(5);

  expect(happened).toEqual(["deep at 1", "next at 2"]);
});

test("forgets a timer that was cancelled, and says what a task throws", async () => {
  const clock = new Clock(0);
  const happened: string[] = [];
  const timer = clock.after(1, () => happened.push("cancelled"));
  clock.cancel(timer);
  clock.after(2, () => {
    throw new Error("a defect of the world");
  });

  await expect(clock.run(5)).rejects.toThrow("a defect of the world");
  expect(happened).toEqual([]);
});
