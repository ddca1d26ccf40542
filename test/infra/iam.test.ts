import { afterAll, describe, expect, it } from "vitest";

import {
  audit,
  concernedBy,
  expectedCalls,
  isWrong,
  needlessReasons,
  unusedRights,
} from "../../tools/strict-aws/iam/audit.ts";
import type { ExpectedCalls } from "../../tools/strict-aws/iam/audit.ts";
import { mutationsOf } from "../../tools/strict-aws/iam/mutations.ts";
import type { Mutation } from "../../tools/strict-aws/iam/mutations.ts";
import { policiesOf } from "../../tools/strict-aws/iam/policies.ts";
import type { AttachedPolicy } from "../../tools/strict-aws/iam/policies.ts";
import { VARIANTS } from "../../tools/template/variants.ts";
import { templateOf } from "../support/template.ts";

const seen: AttachedPolicy[] = [];
const report: string[] = [];

afterAll(() => {
  for (const line of report) console.info(line);
});

describe.each(VARIANTS)("IAM in %s", (name, stage) => {
  const deployed = policiesOf(templateOf(stage));
  const { policies } = deployed;
  const calls = expectedCalls(deployed);
  seen.push(...policies);

  it("allows what the functions, AWS and people do, refuses the rest, and grants nothing for nothing", () => {
    const { judged, denied, allowed, unused } = audit(policies, calls);

    report.push(
      `${name}: calls judged: ${judged} distinct, denied: ${denied.length}, granted and unused: ${unused.length} without a reason`,
    );
    expect({ denied, allowed, unused }).toEqual({ denied: [], allowed: [], unused: [] });
  });

  it("fails when any action is taken out or added, or any condition is taken away", () => {
    const mutations = mutationsOf(policies);

    const reasons = needlessReasons(policies).length;
    const survivors = mutations.filter((mutation) => isUnnoticed(mutation, calls, reasons));

    report.push(`${name}: policies mutated: ${mutations.length}, unnoticed: ${survivors.length}`);
    expect(survivors.map(({ what }) => what)).toEqual([]);
    expect(mutations.length).toBeGreaterThan(100);
  });
});

it("every written reason is needed by some stage", () => {
  expect(needlessReasons(seen)).toEqual([]);
});

/** Judged by the calls that the changed policy has a say in: the others cannot tell. */
function isUnnoticed(mutation: Mutation, calls: ExpectedCalls, reasons: number): boolean {
  const { policies, policy } = mutation;
  if (isWrong(policies, concernedBy(mutation, calls))) return false;
  return unusedRights([policy], calls).length === 0 && needlessReasons(policies).length === reasons;
}
