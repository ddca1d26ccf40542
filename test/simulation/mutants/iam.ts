import { audit, expectedCalls } from "../../../tools/strict-aws/iam/audit.ts";
import type { Statement } from "../../../tools/strict-aws/iam/call.ts";
import type { AttachedPolicy, DeployedPolicies } from "../../../tools/strict-aws/iam/policies.ts";
import type { CheckedBug, Mutants } from "./mutant.ts";

/** Makes the template once: it takes seconds. */
let deployed: Promise<DeployedPolicies> | undefined;

async function policies(): Promise<DeployedPolicies> {
  const { synthesise } = await import("../../../tools/template/synthesise.ts");
  const { policiesOf } = await import("../../../tools/strict-aws/iam/policies.ts");
  const { SANDBOX } = await import("../../../lib/config/default-stages.ts");
  return policiesOf(synthesise(SANDBOX));
}

let withoutBug: Promise<string | null> | undefined;

type Concerns = (statement: Statement, policy: AttachedPolicy) => boolean;

/** Some statements of some policies are others, or not there, which the audit must notice. */
function mutant(
  what: string,
  concerns: Concerns,
  change: (statement: Statement) => Statement | null,
): CheckedBug {
  return {
    what,
    hunt: async (isPlanted) =>
      isPlanted
        ? findingWith((...one) => (concerns(...one) ? change(one[0]) : one[0]))
        : (withoutBug ??= findingWith((statement) => statement)),
  };
}

async function findingWith(
  change: (statement: Statement, policy: AttachedPolicy) => Statement | null,
): Promise<string | null> {
  const right = await (deployed ??= policies());
  const changed = right.policies.map((policy) => {
    const Statement = policy.document.Statement.map((one) => change(one, policy)).filter(
      (one) => one !== null,
    );
    return { ...policy, document: { ...policy.document, Statement } };
  });
  const { denied, allowed, unused } = audit(changed, expectedCalls(right));
  const [refused] = denied;
  if (refused !== undefined) return `IAM refuses ${refused}`;
  const [passed] = allowed;
  if (passed !== undefined) return `IAM allows ${passed}`;
  return unused[0] ?? null;
}

const isGone = () => null;

function unconditional(statement: Statement): Statement {
  const { Condition: _, ...rest } = statement;
  return rest;
}

/** What IAM would refuse, and what it would let pass. */
export const IAM_MUTANTS: Mutants = {
  "iam-consumer-cannot-read": mutant(
    "the consumer may write the application table and not read it",
    (_, { kind, of }) => kind === "identity" && of.some((one) => one.includes("Consumer")),
    (statement) => ({
      ...statement,
      Action: statement.Action.filter((one) => !/dynamodb:(Query|GetItem)/.test(one)),
    }),
  ),
  "iam-missing-body-is-forbidden": mutant(
    "the consumer may not list the payload bucket: S3 says 403 for a body that is gone",
    ({ Action }) => Action.includes("s3:ListBucket"),
    isGone,
  ),
  "iam-any-source": mutant(
    "the functions may put events of any source and title on the bus",
    ({ Action }, { kind }) => kind === "identity" && Action.includes("events:PutEvents"),
    unconditional,
  ),
  "iam-whole-bucket": mutant(
    "the functions may use every key of the payload bucket, not their prefix alone",
    (_, { kind }) => kind === "identity",
    ({ Resource, ...statement }) => ({
      ...statement,
      ...(Resource !== undefined && {
        Resource: Resource.map((one) => one.replace(/\/(webhooks|polls)\/\*$/, "/*")),
      }),
    }),
  ),
  "iam-bus-without-denial": mutant(
    "whoever may announce submissions can publish a decision in our name",
    ({ Sid }) => Sid?.includes("OurSourceIsOurs") === true,
    isGone,
  ),
  "iam-queue-without-denial": mutant(
    "whoever may send to every queue of the account can forge an answer of Alloy's",
    ({ Sid }) => Sid === "KnownSendersOnly",
    isGone,
  ),
  "iam-schedule-of-any-account": mutant(
    "EventBridge Scheduler may take the schedule's role for another account",
    ({ Principal }, { kind }) =>
      kind === "trust" && JSON.stringify(Principal).includes("scheduler"),
    unconditional,
  ),
};
