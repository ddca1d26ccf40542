import { describe, expect, it } from "vitest";
import { validate } from "../../lib/config/validate-stage.ts";
import { violations } from "../../lib/proofs/inequality.ts";
import { timeLimits } from "../../lib/proofs/time-limits.ts";
import { readOptions } from "../../tools/cost/options.ts";
import { production } from "../../tools/template/variants.ts";
import { templateOf } from "../support/template.ts";

/** The consumer's source, and the visibility timeouts of all queues by what they are. */
function deployed(batchWindowSeconds?: number) {
  const stack = templateOf(
    batchWindowSeconds === undefined ? production : { ...production, batchWindowSeconds },
  );
  const [source, ...others] = stack.ofType("AWS::Lambda::EventSourceMapping");
  expect(others).toEqual([]);
  const visibility = stack
    .ofType("AWS::SQS::Queue")
    .map(({ logicalId, Properties }) => [logicalId, Properties["VisibilityTimeout"]] as const);
  return { source: source?.Properties, visibility: new Map(visibility) };
}

describe("the batching window", () => {
  it("is none unless a stage says so", () => {
    const { source, visibility } = deployed();

    expect(source).not.toHaveProperty("MaximumBatchingWindowInSeconds");
    expect([...new Set(visibility.values())]).toEqual([180]);
  });

  it("is the event source's, and the event queue hides for as much longer what Lambda holds", () => {
    const { source, visibility } = deployed(5);

    expect(source).toMatchObject({ MaximumBatchingWindowInSeconds: 5, BatchSize: 10 });
    const longer = [...visibility].filter(([, seconds]) => seconds !== 180);
    expect(longer).toEqual([["EventQueue", 185]]);
  });

  it.each([0, 1, 5, 59])("of %d s fits every limit", (batchWindowSeconds) => {
    expect(violations(timeLimits({ ...production, batchWindowSeconds }))).toEqual([]);
  });

  it("that would ring an alarm by itself, or look like a lost webhook, fails the synth", () => {
    expect(violations(timeLimits({ ...production, batchWindowSeconds: 120 }))).toEqual([
      "events-too-old (300,000 ms) must be more than TIMEOUTS_MS.visibility + 2 × batchWindowSeconds (420,000 ms), or a single retry rings as events-too-old.",
      "gaps.graceMs (120,000 ms) must be more than batchWindowSeconds (120,000 ms), or the poller takes an event that waits for its batch for a missing one.",
    ]);
  });

  it.each([-1, 1.5, 301])("of %d s is refused", (batchWindowSeconds) => {
    expect(() => validate({ ...production, batchWindowSeconds })).toThrow("batchWindowSeconds");
  });

  it("is what npm run cost takes, unless it is given another", () => {
    expect(readOptions([])).toMatchObject({ workload: { arrival: { windowSeconds: 0 } } });
    expect(readOptions(["--window", "5"])).toMatchObject({
      workload: { arrival: { windowSeconds: 5 } },
    });
  });
});
