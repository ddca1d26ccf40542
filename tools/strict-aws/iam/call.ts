import { PLACE } from "../../template/resolve.ts";

/** Who calls AWS. */
export type Caller =
  /** A role of the template, by its logical id. */
  | { readonly role: string }
  /** Somebody whose permission set names managed policies of the template, by their logical ids. */
  | { readonly holds: readonly string[] }
  /** A service of AWS by itself. */
  | { readonly service: string }
  /** Somebody of the account with rights of their own, which `policy` says. */
  | { readonly person: string; readonly policy: PolicyDocument };

/** One question to IAM: may this caller do this with that. */
export interface IamCall {
  readonly caller: Caller;
  /** `sqs:SendMessage`. */
  readonly action: string;
  /** An ARN; `*` for actions that know no resource. */
  readonly resource: string;
  /** Condition keys that the request carries, besides those of every request. */
  readonly conditions: Readonly<Record<string, string | readonly string[]>>;
}

/** One question. @param conditions - @default - none besides those of every request */
export function callBy(
  caller: Caller,
  action: string,
  resource: string,
  conditions: IamCall["conditions"] = {},
): IamCall {
  return { caller, action, resource, conditions };
}

/** A statement of a policy, resolved. */
export interface Statement {
  readonly Sid?: string;
  readonly Effect: "Allow" | "Deny";
  readonly Principal?: unknown;
  readonly Action: readonly string[];
  readonly Resource?: readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

export interface PolicyDocument {
  readonly Version: "2012-10-17";
  readonly Statement: readonly Statement[];
}

const PERSONS_ROLES = `arn:aws:iam::${PLACE.account}:role/aws-reserved/sso.amazonaws.com/`;

/** Short, and the same for the same question. */
export function callKey({ caller, action, resource, conditions }: IamCall): string {
  const said = Object.entries(conditions)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value]) => `${name}=${String(value)}`);
  return [callerName(caller), action, resource, ...said].join(" ");
}

export function callerName(caller: Caller): string {
  if ("role" in caller) return caller.role;
  if ("holds" in caller) {
    // As IAM Identity Center makes the role of a permission set.
    return `${PERSONS_ROLES}AWSReservedSSO_${caller.holds.join("_")}`;
  }
  return "service" in caller ? caller.service : caller.person;
}
