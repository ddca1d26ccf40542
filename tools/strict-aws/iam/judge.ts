import { PLACE } from "../../template/resolve.ts";
import { callerName, callKey } from "./call.ts";
import type { IamCall, PolicyDocument, Statement } from "./call.ts";
import type { AttachedPolicy, DeployedPolicies } from "./policies.ts";
import { matches } from "./wildcards.ts";

/** Under AGPL-3.0, which not every company installs: an optional peer of the package, and always there in a clone. */
const library = await Promise.all([
  import("@cloud-copilot/iam-policy"),
  import("@cloud-copilot/iam-simulate"),
]).catch((error: unknown) => {
  if (error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND") {
    return null;
  }
  throw error;
});

/** Whether IAM can be asked here. */
export const canCheck = library !== null;

const both = library === null ? null : { ...library[0], ...library[1] };

function installed() {
  if (both === null) {
    throw new Error("IAM cannot be asked: install @cloud-copilot/iam-policy and iam-simulate.");
  }
  return both;
}

/** What IAM says to a call. */
export interface Verdict {
  readonly call: IamCall;
  readonly isAllowed: boolean;
  /** The statement that decided, or that none allows it. */
  readonly because: string;
}

/** What was asked of the policies of one template, whoever judged it. */
const judged = new WeakMap<DeployedPolicies, Map<string, Verdict>>();

/** Judges calls of AWS by the policies of a template, each distinct one once. */
export class IamJudge {
  readonly #deployed: DeployedPolicies;
  readonly #verdicts = new Map<string, Verdict>();

  constructor(deployed: DeployedPolicies) {
    this.#deployed = deployed;
  }

  judge(call: IamCall): Verdict {
    const key = callKey(call);
    const known = this.#verdicts.get(key);
    if (known !== undefined) return known;
    const verdict = this.#anew(key, call);
    this.#verdicts.set(key, verdict);
    return verdict;
  }

  #anew(key: string, call: IamCall): Verdict {
    // A person of this name can have another policy of their own at another judge.
    if ("person" in call.caller) return judgeBy(this.#deployed.policies, call);
    const byAll = judged.get(this.#deployed) ?? new Map<string, Verdict>();
    judged.set(this.#deployed, byAll);
    const verdict = byAll.get(key) ?? judgeBy(this.#deployed.policies, call);
    byAll.set(key, verdict);
    return verdict;
  }

  /** All that was judged so far. */
  verdicts(): readonly Verdict[] {
    return [...this.#verdicts.values()];
  }
}

/** The verdict on one call, by these policies alone. */
export function judgeBy(policies: readonly AttachedPolicy[], call: IamCall): Verdict {
  const { identity, resource } = policiesFor(policies, call);
  const isAllowed = evaluate(call, identity, resource);
  let because: string | undefined;
  return {
    call,
    isAllowed,
    // Found when somebody asks: it takes longer than the verdict.
    get because() {
      return (because ??= reasonOf(call, identity, resource, isAllowed));
    },
  };
}

/** Whether these policies allow a call; without the reason, which takes longer to find. */
export function isAllowedBy(policies: readonly AttachedPolicy[], call: IamCall): boolean {
  const { identity, resource } = policiesFor(policies, call);
  return evaluate(call, identity, resource);
}

interface Held {
  readonly id: string;
  readonly document: PolicyDocument;
}

/** The policies that have a say in a call. */
function policiesFor(
  policies: readonly AttachedPolicy[],
  { caller, action, resource }: IamCall,
): { readonly identity: readonly Held[]; readonly resource: Held | undefined } {
  const holders = "role" in caller ? [caller.role] : "holds" in caller ? caller.holds : [];
  const identity = policies.filter(
    ({ kind, of }) => kind === "identity" && of.some((one) => holders.includes(one)),
  );
  const own = "person" in caller ? [{ id: caller.person, document: caller.policy }] : [];
  const protects =
    action === "sts:AssumeRole"
      ? policies.find(({ kind, of }) => kind === "trust" && resource.endsWith(`role/${of[0]}`))
      : policies.find(
          ({ kind, of }) =>
            kind === "resource" &&
            of.some((arn) => resource === arn || resource.startsWith(`${arn}/`)),
        );
  return { identity: [...identity, ...own], resource: protects };
}

/** By the call and the statements that speak of its action: the templates of most stages ask the same of the same ones. */
const evaluated = new Map<string, boolean>();

function evaluate(call: IamCall, identity: readonly Held[], resource: Held | undefined): boolean {
  const key = [
    callKey(call),
    ...identity.map(({ document }) => numberOf(about(call, document))),
    resource === undefined ? "" : `by ${numberOf(about(call, resource.document))}`,
  ].join(" ");
  const known = evaluated.get(key);
  if (known !== undefined) return known;
  const isAllowed = evaluateAnew(call, identity, resource);
  evaluated.set(key, isAllowed);
  return isAllowed;
}

/** Documents with the same statements have the same number. */
const numbers = new Map<string, number>();
const numbersByDocument = new WeakMap<PolicyDocument, number>();

function numberOf(document: PolicyDocument): number {
  const known = numbersByDocument.get(document);
  if (known !== undefined) return known;
  const text = JSON.stringify(document);
  const number = numbers.get(text) ?? numbers.size;
  numbers.set(text, number);
  numbersByDocument.set(document, number);
  return number;
}

function evaluateAnew(
  call: IamCall,
  identity: readonly Held[],
  resource: Held | undefined,
): boolean {
  const { action } = call;
  const result = installed().runUnsafeSimulation(
    {
      request: {
        principal: principalOf(call),
        action,
        resource: { resource: call.resource, accountId: accountOf(call) },
        contextVariables: contextOf(call),
      },
      identityPolicies: identity.map(({ id, document }) => ({
        name: id,
        policy: about(call, document),
      })),
      ...(resource !== undefined && { resourcePolicy: named(resource, call) }),
      serviceControlPolicies: [],
      resourceControlPolicies: [],
    },
    {},
  );
  return result === "Allowed";
}

/** With the name that the engine asks for. */
function named({ id, document }: Held, call: IamCall) {
  return installed().createValidatedPolicy(about(call, document), () => [], { name: id });
}

const documentsByCall = new WeakMap<PolicyDocument, Map<string, PolicyDocument>>();

/**
 * A policy without the statements that do not speak of a call's action, or speak to another service: they neither allow nor
 * deny it, and reading them takes time.
 */
function about({ action, caller }: IamCall, document: PolicyDocument): PolicyDocument {
  const service = "service" in caller ? caller.service : "";
  const key = `${action} ${service}`;
  const known = documentsByCall.get(document) ?? new Map<string, PolicyDocument>();
  documentsByCall.set(document, known);
  const about = known.get(key) ?? {
    ...document,
    Statement: document.Statement.filter(
      (statement) =>
        statement.Action.some((pattern) => matches(pattern.toLowerCase(), action.toLowerCase())) &&
        !speaksToAnother(service, statement),
    ),
  };
  known.set(key, about);
  return about;
}

/** @param service - which calls; empty: a role or a person. */
function speaksToAnother(service: string, { Principal: principal }: Statement): boolean {
  if (typeof principal !== "object" || principal === null) return false;
  const [[kind, named] = [], ...others] = Object.entries(principal);
  return kind === "Service" && others.length === 0 && ![named].flat().includes(service);
}

/**
 * A resource of another account lets our roles in by its own policy, which no template of ours has. So a role of ours is
 * asked as if the resource were ours: what is left is what the role itself allows.
 */
function accountOf({ caller, resource }: IamCall): string {
  return "role" in caller ? PLACE.account : resource.split(":")[4] || PLACE.account;
}

function principalOf({ caller }: IamCall): string {
  if ("service" in caller) return caller.service;
  const name = callerName(caller).replace(/^.*role\//, "");
  return `arn:aws:sts::${PLACE.account}:assumed-role/${name}/session`;
}

/** What every request carries (IAM User Guide, "AWS global condition context keys"), and what this one does. */
function contextOf({ caller, conditions }: IamCall): Record<string, string | string[]> {
  const isService = "service" in caller;
  const own = Object.fromEntries(
    Object.entries(conditions)
      // A list without a value is a key that is not there.
      .filter(([, value]) => value.length > 0 || typeof value === "string")
      .map(([name, value]) => [name, typeof value === "string" ? value : [...value]]),
  );
  return {
    "aws:SecureTransport": "true",
    "aws:PrincipalIsAWSService": String(isService),
    ...(isService
      ? { "aws:PrincipalServiceName": caller.service }
      : {
          "aws:PrincipalArn": roleArnOf(callerName(caller)),
          "aws:PrincipalAccount": PLACE.account,
          "aws:PrincipalType": "AssumedRole",
        }),
    ...own,
  };
}

function roleArnOf(name: string): string {
  return name.startsWith("arn:") ? name : `arn:aws:iam::${PLACE.account}:role/${name}`;
}

/** Finds the statement that decides by leaving out the others. */
function reasonOf(
  call: IamCall,
  identity: readonly Held[],
  resource: Held | undefined,
  isAllowed: boolean,
): string {
  const all = [
    ...identity.map((held) => ({ held, isIdentity: true })),
    ...(resource === undefined ? [] : [{ held: resource, isIdentity: false }]),
  ].flatMap(({ held, isIdentity }) =>
    held.document.Statement.map((statement, index) => ({ held, isIdentity, statement, index })),
  );
  for (const { held, isIdentity, statement, index } of all) {
    if (statement.Effect !== (isAllowed ? "Allow" : "Deny")) continue;
    const only = {
      id: held.id,
      document: documentOf(isAllowed ? [statement] : [statement, everythingBy(isIdentity)]),
    };
    const decides = isIdentity
      ? evaluate(call, [only], isAllowed ? resource : undefined) === isAllowed
      : evaluate(call, isAllowed ? identity : [], only) === isAllowed;
    if (decides) return `${held.id}, ${statement.Sid ?? `statement ${index + 1}`}`;
  }
  return isAllowed ? "its policies together" : "no statement allows it";
}

function documentOf(statements: readonly Statement[]): PolicyDocument {
  return { Version: "2012-10-17", Statement: statements };
}

function everythingBy(isIdentity: boolean): Statement {
  const everything = { Effect: "Allow", Action: ["*"], Resource: ["*"] } as const;
  return isIdentity ? everything : { ...everything, Principal: "*" };
}
