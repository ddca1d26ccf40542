import type { Statement } from "./call.ts";
import type { AttachedPolicy } from "./policies.ts";

/** A policy with one thing changed. */
export type Mutation = ReturnType<typeof mutationsOf>[number];

/** An action of each service that nobody here needs. */
const OTHER_ACTIONS: Readonly<Record<string, string>> = {
  sqs: "sqs:PurgeQueue",
  dynamodb: "dynamodb:DeleteTable",
  s3: "s3:DeleteObjectVersion",
  events: "events:RemoveTargets",
  secretsmanager: "secretsmanager:PutSecretValue",
  kms: "kms:ScheduleKeyDeletion",
  logs: "logs:DeleteLogGroup",
  cloudwatch: "cloudwatch:PutMetricData",
  lambda: "lambda:UpdateFunctionCode",
  sns: "sns:DeleteTopic",
  sts: "sts:TagSession",
  cloudformation: "cloudformation:DeleteStack",
  ssm: "ssm:PutParameter",
  states: "states:StopExecution",
  kinesis: "kinesis:DeleteStream",
  firehose: "firehose:DeleteDeliveryStream",
};

/**
 * Every action of a policy taken out, one of another function added, every condition taken away: one at a time.
 *
 * @param policies - all of the template, the policy among them.
 */
export function mutationsOf(policy: AttachedPolicy, policies: readonly AttachedPolicy[]) {
  return policy.document.Statement.flatMap((statement, index) =>
    changesOf(statement).map(({ what, changed, actions, widens }) => {
      const Statement = policy.document.Statement.flatMap((one, at) =>
        at === index ? changed : [one],
      );
      const mutated = { ...policy, document: { ...policy.document, Statement } };
      return {
        what: `${policy.id}, ${statement.Sid ?? `statement ${index + 1}`}: ${what}`,
        /** All policies, this one changed. */
        policies: policies.map((one) => (one === policy ? mutated : one)),
        /** The changed one. */
        policy: mutated,
        /** What its changed statement spoke of, or speaks of now. */
        actions,
        widens,
      };
    }),
  );
}

interface Change {
  readonly what: string;
  readonly changed: readonly Statement[];
  readonly actions: readonly string[];
  /** More is allowed afterwards, if anything changes; otherwise less. */
  readonly widens: boolean;
}

function changesOf(statement: Statement): readonly Change[] {
  const allows = statement.Effect === "Allow";
  const removals = statement.Action.map((action) => {
    const Action = statement.Action.filter((one) => one !== action);
    return {
      what: `without ${action}`,
      actions: [action],
      widens: !allows,
      changed: Action.length === 0 ? [] : [{ ...statement, Action }],
    };
  });
  const [service = ""] = (statement.Action[0] ?? "").split(":");
  const other = OTHER_ACTIONS[service];
  if (other === undefined) throw new Error(`No other action of ${service} is known here.`);
  const addition = {
    what: `with ${other}`,
    actions: [other],
    widens: allows,
    changed: [{ ...statement, Action: [...statement.Action, other] }],
  };
  const additions = statement.Action.includes(other) ? [] : [addition];
  return [...removals, ...additions, ...withoutConditions(statement)];
}

function withoutConditions(statement: Statement): readonly Change[] {
  const { Condition, ...rest } = statement;
  if (Condition === undefined || Object.keys(Condition).length === 0) return [];
  const widens = statement.Effect === "Allow";
  return [{ what: "without its conditions", changed: [rest], actions: statement.Action, widens }];
}
