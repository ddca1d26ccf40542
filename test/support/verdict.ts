import type { Verdict } from "../../tools/local/scenarios/verdict.ts";

/** The verdict on an application that agrees. */
export function aVerdict(changes: Partial<Verdict> = {}): Verdict {
  return {
    alloy: {
      applicationToken: "JA-BDCF9XsQ0aZ7kLmN2pRt",
      scenario: "every-webhook-three-times",
      status: "completed",
      outcome: "Denied",
      eventIds: ["1", "2", "3"],
      expected: {},
    },
    here: { status: "completed", outcome: "Denied", failures: 0, events: [] },
    received: 2,
    healed: 1,
    published: { denied: 1, progressed: 2 },
    faults: [],
    ...changes,
  };
}
