import { describe, expect, it } from "vitest";
import { plain } from "../../../tools/terminal/lines.ts";
import { isGood, renderReport } from "../../../tools/local/terminal/report.ts";
import { aVerdict } from "../../support/verdict.ts";

const TIMES = { elapsedMs: 12_345, limitMs: 90_000 };

describe("the report on the scenarios", () => {
  it("sums up what agrees", () => {
    const result = { verdicts: [aVerdict(), aVerdict()], faults: [] };

    const lines = renderReport(result, TIMES).map(plain).slice(-2);

    expect(isGood(result)).toBe(true);
    expect(lines).toEqual([
      "2 applications, 6 events at Alloy: 4 received, 2 healed by the poller. Published: 6. The others arrived out of order and were only recorded.",
      "Every application agrees with Alloy, and every event took effect once. (12.3 s)",
    ]);
  });

  it.each([
    [
      "one application differs",
      { verdicts: [aVerdict(), aVerdict({ faults: ["it differs"] })], faults: [] },
    ],
    ["a message is left over", { verdicts: [aVerdict()], faults: ["1 messages went astray"] }],
    ["nothing was played", { verdicts: [], faults: [] }],
  ])("is bad when %s", (_, result) => {
    expect(isGood(result)).toBe(false);
    expect(renderReport(result, TIMES).map(plain)).toContain(
      "Some applications did not agree with Alloy within 90 s of the last change. (12.3 s)",
    );
    for (const fault of result.faults)
      expect(renderReport(result, TIMES).map(plain)).toContain(fault);
  });
});
