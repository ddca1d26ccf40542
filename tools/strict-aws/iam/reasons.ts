/** Why a policy allows something on every resource, or something that no call needs. */
export interface Reason {
  readonly actions: readonly string[];
  /** Whose policy: logical ids of roles, or the ARN of what it protects. */
  readonly of: RegExp;
  readonly why: string;
}

const KEY = /:key\/(Encryption|Statement)Key$/;

/** Every exception to least privilege. A test fails when no stage needs one any more. */
export const REASONS: readonly Reason[] = [
  {
    actions: ["cloudwatch:GetMetricData"],
    of: /PollerRole/,
    why: "CloudWatch knows no resource to read metrics of, and no condition.",
  },
  {
    actions: ["cloudwatch:DescribeAlarms"],
    of: /ReleaseRole/,
    why: "CloudWatch returns named alarms only to who may describe all of them.",
  },
  {
    actions: ["cloudwatch:GetMetricData", "cloudwatch:DescribeAlarms"],
    of: /AuditorPolicy/,
    why: "CloudWatch lists alarms and metrics only to who may read all of them.",
  },
  {
    actions: ["logs:DescribeLogGroups"],
    of: /(Operator|Privacy)Policy/,
    why: "CloudWatch Logs lists log groups by the beginning of their names.",
  },
  {
    actions: [
      "cloudformation:DescribeType",
      "cloudwatch:DescribeAlarms",
      "lambda:GetAccountSettings",
      "tag:GetResources",
    ],
    of: /DeployerPolicy/,
    why: "It is about the account, and knows no resource.",
  },
  {
    actions: ["events:ListRules"],
    of: /DeployerPolicy/,
    why: "EventBridge lists rules by the beginning of their names.",
  },
  {
    actions: ["kms:*"],
    of: KEY,
    why: "KMS asks for a statement by which the account keeps its key: without it nobody could change the policy again.",
  },
  {
    actions: ["kms:GenerateDataKey*", "kms:ReEncrypt*", "kms:Describe*"],
    of: KEY,
    why: "The set that CloudWatch Logs asks for, by its guide; each log group under the key is ours.",
  },
];
