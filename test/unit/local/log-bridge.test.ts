import { describe, expect, it } from "vitest";
import { makeUnseen } from "../../../tools/local/emulator/log-bridge.ts";

const event = (logStreamName: string, timestamp: number, message = "line") => ({
  logStreamName,
  timestamp,
  message,
});

describe("new lines of a log that gives them no id", () => {
  it("are told once, though the window is read again", () => {
    const unseen = makeUnseen(10_000);
    const first = [event("a", 1), event("a", 1), event("b", 1)];

    expect(unseen(first)).toEqual(first);
    expect(unseen([...first, event("c", 2)])).toEqual([event("c", 2)]);
  });

  it("are told apart when one invocation writes the same line twice in a millisecond", () => {
    const unseen = makeUnseen(10_000);

    expect(unseen([event("a", 1, "same"), event("a", 1, "same")])).toHaveLength(2);
    expect(unseen([event("a", 1, "same"), event("a", 1, "same")])).toHaveLength(0);
  });

  it("stay known for as long as the window may bring them back", () => {
    const unseen = makeUnseen(10_000);
    unseen([event("a", 1)]);

    unseen([event("b", 10_001)]);

    expect(unseen([event("a", 1)])).toEqual([]);
  });
});
