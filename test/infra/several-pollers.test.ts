import { describe, expect, test } from "vitest";

import { EXAMPLE_PRODUCTION } from "../../lib/config/default-stages.ts";
import { validate } from "../../lib/config/validate-stage.ts";
import { synthesise } from "../../tools/template/synthesise.ts";
import { templateOf } from "../support/template.ts";

const STARTS = /^Starts (the poller|poller \d+)$/;

function schedulesOf(template: ReturnType<typeof synthesise>) {
  return template
    .ofType("AWS::Scheduler::Schedule")
    .map(({ Properties }) => Properties)
    .filter(({ Description }) => STARTS.test(String(Description)));
}

describe("a stage that expects a million open applications", () => {
  const polling = { ...EXAMPLE_PRODUCTION.polling, requestsPerSecond: 100 };
  const expected = { webhooksPerDay: 1_000_000, openApplications: 1_000_000 };
  const template = templateOf(validate({ ...EXAMPLE_PRODUCTION, polling, expected }));

  test("starts five pollers each minute, each with its number", () => {
    const targets = schedulesOf(template).map(({ ScheduleExpression, Target }) => ({
      rate: ScheduleExpression,
      input: JSON.stringify(Target).match(/"Input":("(?:[^"\\]|\\.)*")/)?.[1],
    }));

    const inputOf = (poller: number) => JSON.stringify(JSON.stringify({ poller }));
    expect(targets).toEqual(
      [undefined, inputOf(1), inputOf(2), inputOf(3), inputOf(4)].map((input) => ({
        rate: "rate(1 minute)",
        input,
      })),
    );
  });

  test("lets five run at once, so that none is refused", () => {
    const [poller] = template
      .ofType("AWS::Lambda::Function")
      .filter(({ Properties }) => String(Properties["Description"]).startsWith("Compares due"));

    expect(poller?.Properties["ReservedConcurrentExecutions"]).toBe(5);
  });
});

test("a stage that expects nothing has one poller, started without a number", () => {
  const [schedule, ...others] = schedulesOf(templateOf(EXAMPLE_PRODUCTION));

  expect(others).toEqual([]);
  expect(JSON.stringify(schedule)).not.toContain('"Input"');
});
