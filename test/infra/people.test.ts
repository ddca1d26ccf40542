import { readFileSync } from "node:fs";

import { describe, expect, it } from "vitest";

import { ROUTE_IDS } from "../../lambdas/settings/routes.ts";
import { perRoute } from "../../lib/config/per-route.ts";
import { PEOPLES_POLICIES, POLICIES } from "../../lib/people.ts";
import { synthesise } from "../../tools/template/synthesise.ts";
import { listOf, objectsIn } from "../../tools/template/template.ts";
import type { TemplateResource } from "../../tools/template/template.ts";
import { ArnResolver } from "../../tools/strict-aws/iam/arns.ts";
import { sandbox, VARIANTS, withInvestigations } from "../../tools/template/variants.ts";
import { templateOf } from "../support/template.ts";

/** IAM counts the characters of a managed policy without white space (IAM's guide, "IAM object quotas"). */
const POLICY_CHARACTERS = 6_144;

/** How long CloudFormation makes a name at most, where a service has a limit (CloudFormation's guide, "Name type"). */
const LONGEST_NAME: Readonly<Record<string, number>> = {
  "AWS::SQS::Queue": 80,
  "AWS::Lambda::Function": 64,
  "AWS::DynamoDB::GlobalTable": 255,
  "AWS::Logs::LogGroup": 512,
};

/** What CloudFormation sets behind the stack's name and the logical id, with its hyphens. */
const SUFFIX = "--1A2B3C4D5E6F7".length;

describe.each(VARIANTS)("in %s", (_name, stage) => {
  const policies = templateOf(stage).ofType("AWS::IAM::ManagedPolicy");

  it("each role of people has a policy with a name that a permission set can know beforehand", () => {
    const names = policies.map(({ Properties }) => Properties["ManagedPolicyName"]);

    expect(names).toEqual(
      POLICIES.map((person) => ({
        "Fn::Join": [
          "",
          [`AlloyJourneyWebhooks-${stage.stage}-`, { Ref: "AWS::Region" }, `-${person}`],
        ],
      })),
    );
    for (const { Properties } of policies) expect(Properties).not.toHaveProperty("Roles");
  });
});

it("people: none leaves the policies out", () => {
  const stack = templateOf({ ...sandbox, people: "none" });

  expect(stack.ofType("AWS::IAM::ManagedPolicy")).toEqual([]);
});

it("no policy is longer than IAM takes, with the longest names and a key of its own", () => {
  const stage = {
    ...withInvestigations,
    stage: "a-stage-of-20-letter",
    encryption: "customer-managed",
  } as const;
  const stack = templateOf(stage);

  const lengths = stack.ofType("AWS::IAM::ManagedPolicy").map((policy) => lengthOf(policy, stack));

  expect(Math.max(...lengths)).toBeLessThanOrEqual(POLICY_CHARACTERS);
  expect(Math.max(...lengths)).toBeGreaterThan(POLICY_CHARACTERS / 2);
});

it.each([2, 3, 4, ROUTE_IDS.length])(
  "no policy is longer than IAM takes, with a list of targets on %i routes, an archive and the longest names",
  (lists) => {
    const longest = ROUTE_IDS.toSorted((one, other) => other.length - one.length).slice(0, lists);
    const targets = [
      { name: "a-target-of-20-letter", arn: "arn:aws:sqs:us-east-1:123456789012:q" },
    ];
    const stage = {
      ...withInvestigations,
      stage: "a-stage-of-20-letter",
      encryption: "customer-managed",
      decision: { outcomeReasons: true },
      archive: { retentionDays: 30 },
      routes: perRoute((route) => ({
        ...withInvestigations.routes[route],
        publish: true,
        queue: true,
        ...(longest.includes(route) && { targets }),
      })),
    } as const;
    const stack = templateOf(stage);

    const lengths = stack
      .ofType("AWS::IAM::ManagedPolicy")
      .map((policy) => [policy.logicalId, lengthOf(policy, stack)] as const);

    expect(lengths.filter(([, length]) => length > POLICY_CHARACTERS)).toEqual([]);
  },
);

it("the deployer may call what the preflight calls, and nothing else of the kind", () => {
  const source = readFileSync("tools/deploy/account.ts", "utf8");
  const called = [
    ...source.matchAll(/new ([A-Z][A-Za-z]+)Command\(|paginate([A-Z][A-Za-z]+)\(/g),
  ].map(([, command, paginator]) => command ?? paginator ?? "");
  const [policy] = templateOf(sandbox)
    .ofType("AWS::IAM::ManagedPolicy")
    .filter(({ logicalId }) => logicalId === PEOPLES_POLICIES.deployer);

  const allowed = objectsIn(policy?.Properties["PolicyDocument"])
    .flatMap((statement) => listOf(statement["Action"]))
    .map((action) => String(action).split(":")[1]);

  // Everybody may ask who he is; the last two are of the CDK's roles and of the alarms that take a deployment back.
  expect(new Set([...called, "AssumeRole", "UpdateStack"])).toEqual(
    new Set([...allowed, "GetCallerIdentity"]),
  );
});

/** With names as long as an account gives them. */
function lengthOf(
  { Properties }: TemplateResource,
  { resources, stage }: ReturnType<typeof synthesise>,
): number {
  const text = JSON.stringify(new ArnResolver(resources).resolve(Properties["PolicyDocument"]));
  const named = resources
    .filter(({ Type }) => Type in LONGEST_NAME)
    .reduce((policy, { logicalId, Type }) => {
      const whole = `AlloyJourneyWebhooks-${stage.stage}`.length + logicalId.length + SUFFIX;
      const name = "n".repeat(Math.min(LONGEST_NAME[Type] ?? 0, whole));
      return policy.replaceAll(new RegExp(`([:/])${logicalId}(?=["/:])`, "g"), `$1${name}`);
    }, text);
  // The longest name of a region.
  return named.replaceAll("us-east-1", "ap-southeast-1").length;
}
