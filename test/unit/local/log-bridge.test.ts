import { describe, expect, it } from "vitest";
import { makeBridgePass, makeUnseen } from "../../../tools/local/emulator/log-bridge.ts";

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

describe("a metric in a log", () => {
  const line = (value: number) =>
    JSON.stringify({
      _aws: {
        Timestamp: 0,
        CloudWatchMetrics: [{ Namespace: "N", Dimensions: [[]], Metrics: [{ Name: "Denied" }] }],
      },
      Denied: value,
    });
  /** A pass over logs whose readers and puts can fail, and what came of it. */
  function bridge(readers: (() => Promise<string[]>)[], put: () => Promise<void>) {
    const values: (number | undefined)[] = [];
    const said: string[] = [];
    const pass = makeBridgePass({
      readers,
      onLine: (text) => said.push(text),
      metrics: {
        put: async (_namespace, data) => {
          await put();
          values.push(...data.map(({ Value }) => Value));
        },
      },
    });
    return { pass, values, said };
  }
  const once = (lines: string[]) => async () => lines.splice(0);

  it("counts when another group cannot be read", async () => {
    const unreadable = () => Promise.reject(new Error("no such group"));
    const { pass, values, said } = bridge([once([line(1)]), unreadable], async () => undefined);

    await expect(pass()).rejects.toThrow("no such group");

    expect(values).toEqual([1]);
    expect(said).toEqual([line(1)]);
  });

  it("counts once in the next pass when it cannot be put", async () => {
    let failures = 1;
    const { pass, values, said } = bridge([once([line(1), line(2)])], async () => {
      failures -= 1;
      if (failures === 0) throw new Error("no answer");
    });

    await expect(pass()).rejects.toThrow("no answer");
    expect(values).toEqual([]);
    await pass();
    await pass();

    expect(values).toEqual([1, 2]);
    expect(said).toEqual([line(1), line(2)]);
  });
});
