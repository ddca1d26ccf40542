import { isRecord } from "../template/template.ts";
import type { StackTemplate, TemplateResource } from "../template/template.ts";
import { nameOf } from "./account.ts";
import { green } from "./finding.ts";
import type { Result, Surroundings } from "./finding.ts";

/** The least version of CDK's bootstrap stack that a template of this CDK takes. */
const BOOTSTRAP_VERSION = 6;

/** Lambda keeps so many of an account's executions for functions that reserve none (its guide, "Reserved concurrency"). */
const KEPT_UNRESERVED = 100;

/** Whether CDK has a bucket and roles there. */
export async function checkBootstrap({ account }: Surroundings): Promise<Result> {
  const version = await account.bootstrapVersion();
  const good = `version ${BOOTSTRAP_VERSION} or later`;
  if (version !== null && version >= BOOTSTRAP_VERSION) return green(`version ${version}`, good);
  return {
    state: "red",
    found: version === null ? "none in this account and region" : `version ${version}`,
    good,
    fix: "npx cdk bootstrap",
  };
}

/** Whether the stack is as CloudFormation can change it. */
export async function checkStack({ stack, stackName }: Surroundings): Promise<Result> {
  const good = "not deployed yet, or complete";
  if (stack === null) return green("not deployed yet", good);
  const { status } = stack;
  const red = (fix: string): Result => ({ state: "red", found: status, good, fix });
  switch (status) {
    case "ROLLBACK_COMPLETE":
    case "ROLLBACK_FAILED":
    case "CREATE_FAILED":
    case "DELETE_FAILED":
      return red(
        `for the reason: aws cloudformation describe-stack-events --stack-name ${stackName}; then aws cloudformation update-termination-protection --no-enable-termination-protection --stack-name ${stackName}, and aws cloudformation delete-stack --stack-name ${stackName}`,
      );
    case "UPDATE_ROLLBACK_FAILED":
      return red(`aws cloudformation continue-update-rollback --stack-name ${stackName}`);
    // A change set that was made and never executed: there is no resource yet.
    case "REVIEW_IN_PROGRESS":
      return green(status, good);
    default:
      return status.endsWith("_IN_PROGRESS")
        ? red("another deployment is running: wait for its end")
        : green(status, good);
  }
}

/** Whether something that an earlier stack has left is in the way, or holds data. */
export async function checkLeftovers({
  account,
  stack,
  stage,
  template,
}: Surroundings): Promise<Result> {
  const left = await account.taggedOutside(stack?.id ?? null, {
    application: "alloy-journey-webhooks",
    stage: stage.stage,
  });
  const good = "no resources of an earlier stack";
  if (left.length === 0) return green("none", good);
  const names = namesOf(template);
  const inTheWay = left.filter((arn) => names.has(nameOf(arn)));
  if (inTheWay.length > 0) {
    return {
      state: "red",
      found: `resources with names that the stack needs: ${inTheWay.join(", ")}`,
      good,
      fix: "delete them, or choose another stage name; otherwise the deployment fails",
    };
  }
  return {
    state: "yellow",
    found: `${left.length} resources of an earlier stack that this one does not use: ${left.join(", ")}`,
    good,
    fix: "delete the empty ones; the others keep their data, and the new stack starts without it",
  };
}

/** Whether Lambda lets the functions reserve their shares. */
export async function checkConcurrency({
  account,
  stack,
  stage,
  template,
}: Surroundings): Promise<Result> {
  const needed = reservedIn(template);
  const { limit, unreserved } = await account.concurrency();
  if (stage.concurrency === "shared") {
    const good = `a limit of at least ${KEPT_UNRESERVED}`;
    if (limit >= KEPT_UNRESERVED) return green(`a limit of ${limit}, shared`, good);
    return {
      state: "yellow",
      found: `a limit of ${limit}, shared: ingest has no guaranteed capacity`,
      good,
      fix: `${MORE_CONCURRENCY}; then concurrency: "reserved"`,
    };
  }
  const own = stack === null ? 0 : await account.reservedBy(functionsOf(stack.outputs));
  const free = unreserved + own;
  const good = `at least ${needed + KEPT_UNRESERVED} free: ${needed} to reserve, and ${KEPT_UNRESERVED} that Lambda keeps unreserved`;
  if (free >= needed + KEPT_UNRESERVED) return green(`${free} of ${limit} free`, good);
  return {
    state: "red",
    found: `${free} of ${limit} free`,
    good,
    fix: `${MORE_CONCURRENCY}; or concurrency: "shared" in lib/stages.ts, without guaranteed capacity for ingest`,
  };
}

const MORE_CONCURRENCY =
  "aws service-quotas request-service-quota-increase --service-code lambda --quota-code L-B99A9384 --desired-value 1000";

/** Whether the region has everything that the template is made of. */
export async function checkServices({ account, template }: Surroundings): Promise<Result> {
  const types = [...new Set(template.resources.map(({ Type: type }) => type))].toSorted();
  const unknown = await account.unknownTypes(types);
  const good = `CloudFormation supports all ${types.length} resource types in ${account.region}`;
  if (unknown.length === 0) return green("all of them", good);
  return {
    state: "red",
    found: `not in ${account.region}: ${unknown.join(", ")}`,
    good,
    fix: "choose another region with AWS_REGION",
  };
}

/** Whether the certificate is where API Gateway looks for it. */
export async function checkCertificate({ account, stage }: Surroundings): Promise<Result> {
  const good = `in ${account.region}, or no name of your own`;
  if (stage.domain === null) return green("no name of your own", good);
  const region = stage.domain.certificateArn.split(":")[3] ?? "";
  if (region === account.region) return green(`in ${region}`, good);
  return {
    state: "red",
    found: `in ${region}`,
    good,
    fix: `request one for ${stage.domain.name} in ${account.region} and set domain.certificateArn to it; a regional API accepts no other`,
  };
}

/** Whether Alloy can reach the one name that is left when API Gateway's own is closed. */
export async function checkDomain({ account, stack, stage }: Surroundings): Promise<Result> {
  const good = "in DNS before executeApi is closed, or no name of your own";
  if (stage.domain === null) return green("no name of your own", good);
  const { name, executeApi = "open" } = stage.domain;
  const target = stack?.outputs["WebhookDnsTarget"];
  const isThere = target !== undefined && (await account.resolves(name));
  if (isThere) return green(`${name} is in DNS`, good);
  if (executeApi === "closed") {
    return {
      state: "red",
      found: `${name} is not in DNS, and executeApi is "closed": no webhook could arrive`,
      good,
      fix: 'executeApi: "open" until the record is there, and Alloy has the new URL (docs/deployment.md)',
    };
  }
  return {
    state: "yellow",
    found: `${name} is not in DNS yet`,
    good,
    fix: `deploy; then a CNAME of ${name} to the output WebhookDnsTarget${target === undefined ? "" : `, ${target}`}`,
  };
}

function reservedIn(template: StackTemplate): number {
  return template
    .ofType("AWS::Lambda::Function")
    .reduce(
      (sum, { Properties }) => sum + Number(Properties["ReservedConcurrentExecutions"] ?? 0),
      0,
    );
}

function functionsOf(outputs: Readonly<Record<string, string>>): readonly string[] {
  return ["IngestFunctionName", "ConsumerFunctionName", "PollerFunctionName"].flatMap(
    (output) => outputs[output] ?? [],
  );
}

/** Names that the template gives, and that only one resource of the account and region may have. */
function namesOf({ resources }: StackTemplate): ReadonlySet<string> {
  return new Set(resources.filter(isUnique).flatMap(namesOfOne));
}

/** API Gateway tells its APIs apart by their ids. */
function isUnique({ Type: type }: TemplateResource): boolean {
  return type !== "AWS::ApiGatewayV2::Api";
}

function namesOfOne({ Properties }: TemplateResource): readonly string[] {
  if (!isRecord(Properties)) return [];
  return [Properties["Name"], Properties["AlarmName"], Properties["DashboardName"]].filter(
    (name) => typeof name === "string",
  );
}
