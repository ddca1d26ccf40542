import { afterAll, describe, expect, it } from "vitest";

import {
  audit,
  callsAbout,
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
    const reasons = needlessReasons(policies).length;

    const mutations = policies.flatMap((policy) => {
      const about = callsAbout(policy, calls);
      return mutationsOf(policy, policies).map((mutation) => ({
        what: mutation.what,
        isUnnoticed: isUnnoticed(mutation, about, reasons),
      }));
    });
    const survivors = mutations.filter((one) => one.isUnnoticed);

    report.push(`${name}: policies mutated: ${mutations.length}, unnoticed: ${survivors.length}`);
    expect(survivors.map(({ what }) => what)).toEqual([]);
    expect(mutations.length).toBeGreaterThan(100);
  });
});

it("every written reason is needed by some stage", () => {
  expect(needlessReasons(seen)).toEqual([]);
});

/** Judged by the calls about the changed policy: the others cannot tell. */
function isUnnoticed(mutation: Mutation, about: ExpectedCalls, reasons: number): boolean {
  const { policies, policy } = mutation;
  if (isWrong(mutation, concernedBy(mutation, about))) return false;
  return unusedRights([policy], about).length === 0 && needlessReasons(policies).length === reasons;
}
