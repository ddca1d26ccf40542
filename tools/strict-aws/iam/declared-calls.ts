import {
  CONSUMER_RIGHTS,
  INGEST_RIGHTS,
  POLLER_RIGHTS,
  STATEMENT_RIGHTS,
} from "../../../lambdas/adapters/aws-calls.ts";
import type { AwsResource, AwsRight } from "../../../lambdas/adapters/aws-calls.ts";
import type { IamCall } from "./call.ts";
import { roleOfFunction } from "./platform-calls.ts";
import type { DeployedPolicies } from "./policies.ts";

/** What a function's ports declare, by port and method. */
export type PortRights = Readonly<Record<string, Readonly<Record<string, readonly AwsRight[]>>>>;

/** The functions, and the output of the stack that names each. */
export const FUNCTIONS = {
  ingest: { output: "IngestFunctionName", rights: INGEST_RIGHTS },
  consumer: { output: "ConsumerFunctionName", rights: CONSUMER_RIGHTS },
  poller: { output: "PollerFunctionName", rights: POLLER_RIGHTS },
  statement: { output: "StatementFunctionName", rights: STATEMENT_RIGHTS },
} as const satisfies Readonly<
  Record<string, { readonly output: string; readonly rights: PortRights }>
>;

export type FunctionName = keyof typeof FUNCTIONS;

export const FUNCTION_NAMES = [
  "ingest",
  "consumer",
  "poller",
  "statement",
] as const satisfies readonly FunctionName[];

/** The logical ids of what the adapters name. */
const LOGICAL_IDS: ReadonlyMap<string, string> = new Map([
  ["event-queue", "EventQueue"],
  ["dead-letter-queue", "DeadLetterQueue"],
  ["application-table", "ApplicationTable"],
  ["idempotency-table", "IdempotencyTable"],
  ["bus", "EventBus"],
  ["payloads", "PayloadBucket"],
  ["webhook-secret", "WebhookSecret"],
  ["alloy-api-secret", "AlloyApiSecret"],
  ["statements", "StatementBucket"],
  ["statement-key", "StatementKey"],
]);

/** An object under a prefix, as the code names them: a day and a receipt. */
const OBJECT = "2026-11-23/receipt";

/** The role that a function runs under, by its logical id. */
export function roleOf(name: FunctionName, deployed: DeployedPolicies): string {
  return roleOfFunction(deployed.stack.outputs[FUNCTIONS[name].output], deployed);
}

/** All that a function's adapters declare, as questions to IAM. */
export function declaredCalls(name: FunctionName, deployed: DeployedPolicies): readonly IamCall[] {
  const caller = { role: roleOf(name, deployed) };
  const rights: PortRights = FUNCTIONS[name].rights;
  return Object.values(rights)
    .flatMap((methods) => Object.values(methods).flat())
    .flatMap((right) => callsOf(right, caller, deployed));
}

/** One right as questions: one for each value that a condition key can have. */
export function callsOf(
  { action, on, carrying = {} }: AwsRight,
  caller: IamCall["caller"],
  deployed: DeployedPolicies,
): readonly IamCall[] {
  let calls: readonly IamCall[] = [
    { caller, action, resource: arnOf(on, deployed), conditions: {} },
  ];
  for (const [key, values] of Object.entries(carrying)) {
    calls = calls.flatMap((call) =>
      values.map((value) => ({
        ...call,
        conditions: { ...call.conditions, [key]: valueOf(key, value) },
      })),
    );
  }
  return calls;
}

/** Keys that AWS fills with a list: of the entries of one `PutEvents`. */
export const LIST_KEYS: ReadonlySet<string> = new Set(["events:source", "events:detail-type"]);

function valueOf(key: string, value: string): string | readonly string[] {
  if (key === "s3:prefix") return `${value}${OBJECT}`;
  return LIST_KEYS.has(key) ? [value] : value;
}

function arnOf(on: AwsResource, { arns }: DeployedPolicies): string {
  if (on === "every-metric") return "*";
  const [kind = "", ...rest] = on.split("/");
  const logicalId = LOGICAL_IDS.get(kind);
  if (logicalId === undefined) throw new Error(`${kind} is no resource of the stack.`);
  const part = rest.join("/");
  if (part === "") return arns.arnOf(logicalId);
  return `${arns.arnOf(logicalId)}/${part}${part.endsWith("/") ? OBJECT : ""}`;
}
