/** Why a right stands although no call uses it, or although it is wider than the calls. */
export interface Reason {
  readonly effect: "Allow" | "Deny";
  readonly action: string;
  /** The statement's resource. */
  readonly resource: RegExp;
  /** Whose policy: logical ids of roles, or the ARN of what it protects. */
  readonly of: RegExp;
  readonly why: string;
}

const KEY = /:key\/(Encryption|Statement)Key$/;

/** All of them, in one place. Each must be needed in some stage. */
export const REASONS: readonly Reason[] = [
  {
    effect: "Allow",
    action: "cloudwatch:GetMetricData",
    resource: /^\*$/,
    of: /PollerRole/,
    why: "CloudWatch knows no resource to read metrics of, and no condition.",
  },
  {
    effect: "Allow",
    action: "cloudwatch:DescribeAlarms",
    resource: /^\*$/,
    of: /ReleaseRole/,
    why: "CloudWatch returns alarms by their names only to who may describe all of them.",
  },
  ...["cloudwatch:GetMetricData", "cloudwatch:DescribeAlarms"].map((action) => ({
    effect: "Allow" as const,
    action,
    resource: /^\*$/,
    of: /AuditorPolicy/,
    why: "CloudWatch lists alarms and metrics to who may read all of them alone.",
  })),
  {
    effect: "Allow",
    action: "logs:DescribeLogGroups",
    resource: /^\*$/,
    of: /(Operator|Privacy)Policy/,
    why: "CloudWatch Logs lists log groups by the beginning of their names.",
  },
  ...[
    "cloudformation:DescribeType",
    "cloudwatch:DescribeAlarms",
    "lambda:GetAccountSettings",
    "tag:GetResources",
  ].map((action) => ({
    effect: "Allow" as const,
    action,
    resource: /^\*$/,
    of: /DeployerPolicy/,
    why: "It is about the account, and knows no resource.",
  })),
  {
    effect: "Allow",
    action: "kms:*",
    resource: /^\*$/,
    of: KEY,
    why: "KMS asks for a statement by which the account keeps its key: without it nobody could change the policy again.",
  },
  ...["kms:GenerateDataKey*", "kms:ReEncrypt*", "kms:Describe*"].map((action) => ({
    effect: "Allow" as const,
    action,
    resource: /^\*$/,
    of: KEY,
    why: "The set that CloudWatch Logs asks for, by its guide; each log group under the key is ours.",
  })),
];
