import type { Scenario } from "../alloy-simulator/scenario.ts";

/** The ways of an application that stories need. Waits are in seconds. */
type Step = Omit<Scenario["steps"][number], "afterSeconds">;

const STARTED: Step = { event: "started_application", status: "running" };

/** An application of one person that goes through these steps, 20 seconds apart. */
export function scene(
  name: string,
  steps: readonly Step[],
  changes: Partial<Pick<Scenario, "delivery" | "rerun">> = {},
): Scenario {
  const timed = inTime([STARTED, ...steps]);
  const last = steps.findLast(({ status }) => status !== undefined);
  const outcome = steps.findLast(({ outcome: one }) => one !== undefined)?.outcome ?? null;
  return {
    name,
    title: name,
    story: name,
    journey: "J-simConsumer4TqW8nLz",
    entities: [{ ref: "applicant", type: "person", name: "Ada Example", branch: "persons" }],
    delivery: { copiesAtSeconds: [0], order: "raised", spacingSeconds: 0, lost: false },
    steps: timed,
    expected: { status: last?.status ?? "running", outcome, published: {} },
    alarms: [],
    ...changes,
  };
}

/** The end of an application by a decision. */
export function decided(outcome: string): Step {
  return { event: "completed_application", outcome, status: "completed" };
}

/** The application is run again, and goes through these steps. */
export function rerun(...steps: readonly Step[]): NonNullable<Scenario["rerun"]> {
  const expected = { status: "completed", outcome: null, published: {} } as const;
  return {
    afterSeconds: 60,
    initiatedBy: "dashboard",
    steps: inTime([STARTED, ...steps]),
    expected,
  };
}

function inTime(steps: readonly Step[]): Scenario["steps"] {
  return steps.map((step, index) => ({ ...step, afterSeconds: index === 0 ? 0 : 20 }));
}

/** Webhooks that never come: the poller finds what they say. */
export const LOST: Scenario["delivery"] = {
  copiesAtSeconds: [0],
  order: "raised",
  spacingSeconds: 0,
  lost: true,
};

/** The last webhook comes first, and a minute later the one before it. */
export const REVERSED: Scenario["delivery"] = {
  copiesAtSeconds: [0],
  order: "reversed",
  spacingSeconds: 60,
  lost: false,
};
