import { describe, expect, it } from "vitest";
import { isRecord, listOf, objectsIn } from "../../tools/template/template.ts";
import type { StackTemplate } from "../../tools/template/template.ts";
import { VARIANTS } from "../../tools/template/variants.ts";
import { templateOf } from "../support/template.ts";

/**
 * A service of AWS acts for every account. Whatever it may do with a role, a key, a queue, a topic or a function of ours, it
 * may do for this account alone (IAM's guide, "The confused deputy problem"). `iam.test.ts` asks for each with another account.
 */

/** Lambda takes a role only for a function of the account whose person passes it, so no other account can send it. */
const PASSED_ROLES = ["lambda.amazonaws.com"];

/** Where a resource says who may use it. */
const POLICIES = ["AssumeRolePolicyDocument", "PolicyDocument", "KeyPolicy", "Policy"];

/** Each service that a resource of the template lets in, and what it has to say of the account for which it acts, as JSON. */
function entrances({ resources }: StackTemplate) {
  return resources.flatMap(({ logicalId: at, Type: type, Properties }) => {
    if (type === "AWS::Lambda::Permission") {
      const { Principal: service, SourceArn: arn, SourceAccount: account } = Properties;
      return [{ at, service: String(service), source: JSON.stringify([arn, account]) }];
    }
    return POLICIES.flatMap((name) => objectsIn(Properties[name]))
      .filter(({ Effect: effect }) => effect === "Allow")
      .flatMap(({ Principal: principal, Condition: condition }) =>
        listOf(isRecord(principal) ? principal["Service"] : undefined).map((service) => ({
          at,
          service: typeof service === "string" ? service : JSON.stringify(service),
          source: JSON.stringify(sourcesIn(condition)),
        })),
      );
  });
}

/** The values of the conditions by which a service names its source; CloudWatch Logs has the context of a key alone. */
function sourcesIn(condition: unknown): readonly unknown[] {
  return objectsIn(condition)
    .flatMap((one) => Object.entries(one))
    .filter(([key]) =>
      ["aws:SourceArn", "aws:SourceAccount", "kms:EncryptionContext:aws:logs:arn"].includes(key),
    )
    .map(([, value]) => value);
}

describe.each(VARIANTS)("in %s", (_name, stage) => {
  const stack = templateOf(stage);
  const all = entrances(stack);

  it("every service of AWS that may act on what is ours may do so for this account alone", () => {
    const forOthers = all.filter(
      ({ service, source }) =>
        !PASSED_ROLES.includes(service) &&
        !source.includes('{"Ref":"AWS::AccountId"}') &&
        // The ARN of a resource of this stack, or a rule's name in it, has the account in it.
        !/"Fn::GetAtt":\["\w+","Arn"\]/.test(source),
    );

    expect(forOthers).toEqual([]);
  });

  it("roles, keys, queues, topics and functions let services in, so the rule is about something", () => {
    const services = new Set(all.map(({ service }) => service.replace(/"|{.*/, "")));

    expect([...services]).toEqual(
      expect.arrayContaining([
        "lambda.amazonaws.com",
        "cloudwatch.amazonaws.com",
        "scheduler.amazonaws.com",
        "events.amazonaws.com",
        "apigateway.amazonaws.com",
      ]),
    );
  });
});
