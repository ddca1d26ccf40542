import * as v from "valibot";
import { describe, expect, it } from "vitest";

import {
  APPLICATION_TABLE_KEYS,
  IDEMPOTENCY_TABLE_KEYS,
  keysOf,
} from "../../tools/strict-aws/table-keys.ts";
import { LIMITS } from "../../tools/strict-aws/limits.ts";
import { TABLES } from "../../tools/cloud-in-memory/dynalite.ts";
import { VARIANTS } from "../../tools/template/variants.ts";
import { templateOf } from "../support/template.ts";

const ScheduleSchema = v.object({
  Name: v.optional(v.string(), ""),
  Target: v.optional(v.object({ Input: v.optional(v.string(), "") }), { Input: "" }),
});

/** Limits that AWS holds a template against, and what the doubles of the tests know of its tables. */
describe.each(VARIANTS)("in %s", (_name, stage) => {
  const stack = templateOf(stage);

  it("the strict double knows the keys of every table and index", () => {
    const keys = stack
      .ofType("AWS::DynamoDB::GlobalTable")
      .map(({ Properties }) => keysOf(Properties));

    expect(keys).toEqual(expect.arrayContaining([APPLICATION_TABLE_KEYS, IDEMPOTENCY_TABLE_KEYS]));
    expect(keys).toHaveLength(2);
    expect(TABLES.map(keysOf)).toEqual([APPLICATION_TABLE_KEYS, IDEMPOTENCY_TABLE_KEYS]);
  });

  it("every schedule and its group has a name and an input that Scheduler takes", () => {
    const schedules = stack.resources.filter(({ Type }) => Type.startsWith("AWS::Scheduler::"));

    for (const { Properties } of schedules) {
      const { Name, Target } = v.parse(ScheduleSchema, Properties);
      expect(Name.length).toBeLessThanOrEqual(LIMITS.scheduleName.most);
      expect(Name).toMatch(/^[0-9a-zA-Z-_.]*$/);
      expect(Buffer.byteLength(Target.Input)).toBeLessThanOrEqual(LIMITS.scheduleInputBytes.most);
    }
    expect(schedules).not.toEqual([]);
  });
});
