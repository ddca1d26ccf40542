import { reasonOf } from "./account.ts";
import {
  checkBootstrap,
  checkCertificate,
  checkConcurrency,
  checkDomain,
  checkLeftovers,
  checkServices,
  checkStack,
} from "./checks-before.ts";
import { checkChanges, checkRollbackAlarms } from "./checks-changes.ts";
import { checkPauses } from "./checks-pauses.ts";
import { checkChannels, checkSecret } from "./checks-after.ts";
import type { Finding, Result, Surroundings } from "./finding.ts";

interface Check {
  readonly name: string;
  /** What the deploying role must be allowed to call, when it is not. */
  readonly right: string;
  readonly look: (surroundings: Surroundings) => Promise<Result>;
}

/** In the order in which a person mends them. */
export const CHECKS: readonly Check[] = [
  { name: "bootstrap", right: "ssm:GetParameter", look: checkBootstrap },
  { name: "stack", right: "cloudformation:DescribeStacks", look: checkStack },
  {
    name: "leftovers",
    right: "tag:GetResources, cloudformation:ListStackResources",
    look: checkLeftovers,
  },
  {
    name: "concurrency",
    right: "lambda:GetAccountSettings, lambda:GetFunctionConcurrency",
    look: checkConcurrency,
  },
  { name: "services", right: "cloudformation:DescribeType", look: checkServices },
  { name: "certificate", right: "nothing", look: checkCertificate },
  { name: "own name", right: "nothing", look: checkDomain },
  { name: "changes", right: "cloudformation:GetTemplate", look: checkChanges },
  {
    name: "paused routes",
    right: "cloudformation:GetTemplate, events:ListRules",
    look: checkPauses,
  },
  { name: "rollback alarms", right: "cloudwatch:DescribeAlarms", look: checkRollbackAlarms },
  { name: "alarm channels", right: "sns:ListSubscriptionsByTopic", look: checkChannels },
  {
    name: "webhook secret",
    right: "secretsmanager:DescribeSecret",
    look: (surroundings) => checkSecret(surroundings, "WebhookSecretArn"),
  },
  {
    name: "API secret",
    right: "secretsmanager:DescribeSecret",
    look: (surroundings) => checkSecret(surroundings, "AlloyApiSecretArn"),
  },
];

/** Looks at everything that has broken first deployments. It changes nothing. */
export async function preflight(surroundings: Surroundings): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const check of CHECKS) findings.push(await findingOf(check, surroundings));
  return findings;
}

/** What one of the checks finds. */
export async function findingOf(
  { name, right, look }: Check,
  surroundings: Surroundings,
): Promise<Finding> {
  return { check: name, ...(await look(surroundings).catch(unread(right))) };
}

/** What cannot be read is not known to be wrong. */
function unread(right: string) {
  return (error: unknown): Result => ({
    state: "yellow",
    found: `could not be read (${reasonOf(error)})`,
    good: "an answer",
    fix: `allow the deploying role to call ${right}, or check it yourself`,
  });
}
