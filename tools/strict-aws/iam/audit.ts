import { callKey } from "./call.ts";
import type { IamCall, Statement } from "./call.ts";
import { forbiddenCalls, neededCalls } from "./expected-calls.ts";
import { isAllowedBy, judgeBy } from "./judge.ts";
import { isPartOf } from "./keys.ts";
import type { Mutation } from "./mutations.ts";
import type { AttachedPolicy, DeployedPolicies } from "./policies.ts";
import { REASONS } from "./reasons.ts";
import type { Reason } from "./reasons.ts";
import { matches } from "./wildcards.ts";

/** The calls that an audit asks about; the same for every change of the policies. */
export type ExpectedCalls = ReturnType<typeof expectedCalls>;

export function expectedCalls(deployed: DeployedPolicies) {
  return { needed: neededCalls(deployed), forbidden: forbiddenCalls(deployed) };
}

/** Holds policies against everything that has to work, and everything that has to be refused. */
export function audit(
  policies: readonly AttachedPolicy[],
  { needed, forbidden }: ExpectedCalls,
  /** Those whose rights are to be used. @default - all of them */
  used = policies,
) {
  const wrong = (calls: readonly IamCall[], isAllowed: boolean) =>
    calls
      .filter((call) => isAllowedBy(policies, call) !== isAllowed)
      .map((call) => `${callKey(call)}: ${judgeBy(policies, call).because}`);
  return {
    /** How many distinct calls were judged. */
    judged: needed.length + forbidden.length,
    /** Calls that have to work and do not. */
    denied: wrong(needed, true),
    /** Calls that have to be refused and are not. */
    allowed: wrong(forbidden, false),
    /** Rights that no call uses, or that are wider than the calls, and carry no reason. */
    unused: unusedRights(used, { needed, forbidden }),
  };
}

/** Whether changed policies refuse what has to work, or allow what has to be refused: at the first such call. */
export function isWrong(
  { policies, widens }: Pick<Mutation, "policies" | "widens">,
  { needed, forbidden }: ExpectedCalls,
): boolean {
  const refuses = () => needed.some((call) => !isAllowedBy(policies, call));
  const allows = () => forbidden.some((call) => isAllowedBy(policies, call));
  // The likely one first: to find that nothing is wrong, every call is judged.
  return widens ? allows() || refuses() : refuses() || allows();
}

/** A right: one action of one statement. */
type Right = ReturnType<typeof rightsOf>[number];

/** The rights of these policies that no call uses, or that are wider than the calls, without a reason. */
export function unusedRights(
  policies: readonly AttachedPolicy[],
  { needed, forbidden }: ExpectedCalls,
): readonly string[] {
  const rights = rightsOf(policies);
  const findings = rights.flatMap((right) => {
    const reason = REASONS.find((one) => isReasonFor(one, right));
    if (reason !== undefined) return [];
    const { policy, statement, action } = right;
    const name = `${policy.id}, ${statement.Sid ?? statement.Effect}: ${action}`;
    const about = (statement.Effect === "Allow" ? needed : forbidden).filter((call) =>
      isAbout(call, right),
    );
    if (about.length === 0) return [`${name} is used by nothing`];
    if (statement.Effect === "Deny") return [];
    if (action.includes("*")) return [`${name} is wider than what is used`];
    return (statement.Resource ?? [])
      .filter((resource) => resource !== "*" || policy.kind === "identity")
      .flatMap((resource) => {
        const uses = about.filter((call) => matches(resource, call.resource));
        if (uses.length === 0) return [`${name} on ${resource} is used by nothing`];
        return isWide(resource) ? [`${name} on ${resource} is wider than what is used`] : [];
      });
  });
  return findings;
}

/** Reasons that no stage needs. @param policies - of all stages. */
export function needlessReasons(policies: readonly AttachedPolicy[]): readonly string[] {
  const rights = rightsOf(policies);
  return REASONS.flatMap((reason) =>
    reason.actions
      .filter(
        (action) => !rights.some((right) => right.action === action && isReasonFor(reason, right)),
      )
      .map((action) => `${action}: ${reason.why}`),
  );
}

function rightsOf(policies: readonly AttachedPolicy[]) {
  return policies.flatMap((policy) =>
    policy.document.Statement.flatMap((statement) =>
      statement.Action.map((action) => ({ policy, statement, action })),
    ),
  );
}

/** The calls that can tell a changed policy from the one before: those in which it has a say. */
export function callsAbout(
  policy: AttachedPolicy,
  { needed, forbidden }: ExpectedCalls,
): ExpectedCalls {
  const isConcerned = (call: IamCall) => hasASay(policy, call);
  return { needed: needed.filter(isConcerned), forbidden: forbidden.filter(isConcerned) };
}

/** Of the calls about a policy those of the actions that its changed statement speaks of. */
export function concernedBy(
  { actions }: Pick<Mutation, "actions">,
  { needed, forbidden }: ExpectedCalls,
): ExpectedCalls {
  const isConcerned = (call: IamCall) =>
    actions.some((action) => matches(action.toLowerCase(), call.action.toLowerCase()));
  return { needed: needed.filter(isConcerned), forbidden: forbidden.filter(isConcerned) };
}

function hasASay({ kind, of }: AttachedPolicy, { caller, resource }: IamCall): boolean {
  switch (kind) {
    case "identity":
      if ("holds" in caller) return of.some((one) => caller.holds.includes(one));
      return "role" in caller && of.includes(caller.role);
    case "trust":
      return of.some((role) => resource.endsWith(`role/${role}`));
    case "resource":
      return of.some((arn) => isPartOf(resource, arn));
  }
}

/** Whether a statement speaks of a call: its policy, its principal, its action and its resource. */
function isAbout(call: IamCall, { policy, statement, action }: Right): boolean {
  if (!matches(action.toLowerCase(), call.action.toLowerCase())) return false;
  if (!hasASay(policy, call)) return false;
  switch (policy.kind) {
    case "identity":
      return isOnResource(call, statement);
    case "trust":
      return isPrincipal(call, statement);
    case "resource":
      return isPrincipal(call, statement) && isOnResource(call, statement);
  }
}

function isOnResource({ resource }: IamCall, { Resource = ["*"] }: Statement): boolean {
  return Resource.some((pattern) => matches(pattern, resource));
}

function isPrincipal({ caller }: IamCall, { Principal: principal }: Statement): boolean {
  const text = JSON.stringify(principal);
  if (text === '"*"' || text === '{"AWS":"*"}') return true;
  return "service" in caller ? text.includes(caller.service) : text.includes(":root");
}

/** Beyond one resource: everything, or everything from some letter on. Objects and streams have names of their own. */
function isWide(resource: string): boolean {
  if (!resource.includes("*")) return false;
  const isOneFolder = /^arn:aws:s3:::[^/*]+\/[a-z]+\/\*$/.test(resource);
  const isOneLogGroup = /:log-group:[^*:]+:\*$/.test(resource);
  const isOneStack = /:stack\/[^*/]+\/\*$/.test(resource);
  const isOneRoute = /:rule\/[^*/]+\/[^*/]+-[^*/]+\*$/.test(resource);
  // Whoever starts a replay names it; the stack's name comes first.
  const isOfStacksReplays = /:replay\/[^*/]+-\*$/.test(resource);
  return !isOfStacksReplays && !isOneRoute && !isOneFolder && !isOneLogGroup && !isOneStack;
}

function isReasonFor({ actions, of }: Reason, { policy, statement, action }: Right): boolean {
  return (
    statement.Effect === "Allow" &&
    actions.includes(action) &&
    (statement.Resource ?? ["*"]).includes("*") &&
    of.test(policy.of.join())
  );
}
