import { readFileSync } from "node:fs";

import { describe, expect, it } from "vitest";

import {
  EVENT_SOURCE,
  ROUTE_TITLES,
  SUBMISSION_DETAIL_TYPE,
} from "../../lambdas/settings/routes.ts";
import type { PolicyDocument } from "../../tools/strict-aws/iam/call.ts";
import { judgeBy } from "../../tools/strict-aws/iam/judge.ts";
import { policiesOf, readPolicy } from "../../tools/strict-aws/iam/policies.ts";
import { sandbox } from "../../tools/template/variants.ts";
import { templateOf } from "../support/template.ts";

const { policies, arns } = policiesOf(templateOf(sandbox));

describe("the policy that docs/submissions.md gives to whoever announces submissions", () => {
  const put = (policy: PolicyDocument, entries: readonly (readonly [string, string])[]) =>
    judgeBy(policies, {
      caller: { person: "Onboarding", policy },
      action: "events:PutEvents",
      resource: arns.arnOf("EventBus"),
      conditions: {
        "events:source": entries.map(([source]) => source),
        "events:detail-type": entries.map(([, title]) => title),
      },
    }).isAllowed;

  it("lets a submission onto the bus, and nothing else", () => {
    const policy = documented();

    expect(put(policy, [["bank.onboarding", SUBMISSION_DETAIL_TYPE]])).toBe(true);
    expect(put(policy, [["bank.onboarding", ROUTE_TITLES.approved]])).toBe(false);
    expect(put(policy, [["somebody", SUBMISSION_DETAIL_TYPE]])).toBe(false);
    expect(
      put(policy, [
        ["bank.onboarding", SUBMISSION_DETAIL_TYPE],
        ["bank.onboarding", ROUTE_TITLES.approved],
      ]),
    ).toBe(false);
    expect(put(policy, [])).toBe(false);
  });

  it("cannot say that an application is approved in our name, even with every right to the bus", () => {
    const all = readPolicy({
      Statement: { Effect: "Allow", Action: "events:*", Resource: "*" },
    });

    expect(put(all, [["bank.onboarding", ROUTE_TITLES.approved]])).toBe(true);
    expect(put(all, [[EVENT_SOURCE, ROUTE_TITLES.approved]])).toBe(false);
    expect(
      put(all, [
        ["bank.onboarding", SUBMISSION_DETAIL_TYPE],
        [EVENT_SOURCE, ROUTE_TITLES.approved],
      ]),
    ).toBe(false);
  });
});

function documented(): PolicyDocument {
  const page = readFileSync("docs/submissions.md", "utf8");
  const json = /```json\n([\s\S]*?)```/.exec(page)?.[1] ?? "";
  return readPolicy(JSON.parse(json));
}
