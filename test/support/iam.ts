import { AsyncLocalStorage } from "node:async_hooks";

import { aroundCalls } from "../../tools/cloud-in-memory/faults.ts";
import { callKey } from "../../tools/strict-aws/iam/call.ts";
import type { IamCall } from "../../tools/strict-aws/iam/call.ts";
import { roleOf } from "../../tools/strict-aws/iam/declared-calls.ts";
import type { FunctionName } from "../../tools/strict-aws/iam/declared-calls.ts";
import { IamGuard } from "../../tools/strict-aws/iam/guard.ts";
import { guardClient } from "../../tools/strict-aws/iam/guarded-client.ts";
import { policiesOf } from "../../tools/strict-aws/iam/policies.ts";
import { sandbox } from "../../tools/template/variants.ts";
import { templateOf } from "./template.ts";

/** Who is calling: a function, by a method of one of its ports. */
interface Calling {
  readonly function: FunctionName;
  readonly port: string;
  readonly method: string;
}

/** What IAM was asked, and by which method. */
export interface AskedCall extends Calling {
  readonly call: IamCall;
}

const calling = new AsyncLocalStorage<Calling>();
const asked: AskedCall[] = [];

/** Names under which the tests' doubles have the stack's resources. */
const NAMES: ReadonlyMap<string, string> = new Map([
  ["applications", "ApplicationTable"],
  ["idempotency", "IdempotencyTable"],
  ["events", "EventQueue"],
  ["dead-letters", "DeadLetterQueue"],
  ["bus", "EventBus"],
  ["payloads", "PayloadBucket"],
  ["webhook", "WebhookSecret"],
  ["alloy", "AlloyApiSecret"],
  ["statements", "StatementBucket"],
  ["statement-key", "StatementKey"],
]);

let deployed: ReturnType<typeof policiesOf> | undefined;
let guard: IamGuard | undefined;

/** The policies of the stage `sandbox`; synthesised when they are first asked for. */
export function sandboxPolicies() {
  return (deployed ??= policiesOf(templateOf(sandbox)));
}

/** The guard of this test file. */
export function sandboxGuard(): IamGuard {
  return (guard ??= new IamGuard(sandboxPolicies(), {
    names: NAMES,
    onAsked(calls) {
      const by = calling.getStore();
      if (by !== undefined) asked.push(...calls.map((call) => ({ ...by, call })));
    },
  }));
}

/** Has a client ask IAM, whenever a function calls by it. What a test looks up by itself is nobody's call. */
export function guarded<Client extends object>(client: Client): Client {
  const askIam: Parameters<typeof guardClient>[1] = {
    refusal: (...given) => sandboxGuard().refusal(...given),
    refusalOfMissingKey: (...given) => sandboxGuard().refusalOfMissingKey(...given),
  };
  guardClient(client, askIam, callerNow);
  return client;
}

/** The role of the function that is calling; null when none is. */
export function callerNow(): { readonly role: string } | null {
  const by = calling.getStore();
  return by === undefined ? null : { role: roleOf(by.function, sandboxPolicies()) };
}

/** An adapter as a function has it: each of its calls is judged by that function's role. */
export function inRoleOf<Port extends object>(
  name: FunctionName,
  port: string,
  adapter: Port,
): Port {
  return aroundCalls(adapter, (method, call) =>
    calling.run({ function: name, port, method }, call),
  );
}

/** The same for calls that arrive over HTTP, signed with the access key that {@link accessKeyOf} names. */
export function callerOf(accessKeyId: string): { readonly role: string } {
  const [name = "", port = "", method = ""] = accessKeyId.split(".");
  const by = { function: functionNamed(name), port, method };
  calling.enterWith(by);
  return { role: roleOf(by.function, sandboxPolicies()) };
}

/** An access key that says who signs with it. */
export function accessKeyOf(name: FunctionName, port: string, method: string): string {
  return [name, port, method].join(".");
}

/** The access key of whoever is calling now (`inRoleOf`). */
export function accessKeyNow(): string {
  const by = calling.getStore();
  if (by === undefined)
    throw new Error("No function is calling: only a port that is in a role may.");
  return accessKeyOf(by.function, by.port, by.method);
}

function functionNamed(name: string): FunctionName {
  if (name === "ingest" || name === "consumer" || name === "poller") return name;
  throw new Error(`No function signs with "${name}".`);
}

/** What was asked so far. */
export function askedCalls(): readonly AskedCall[] {
  return asked;
}

/** What was refused so far, for a test that fails on it. */
export function refusedCalls(): readonly string[] {
  return guard?.denials.map(({ sentence }) => sentence) ?? [];
}

/** The same question, whoever's object or prefix it is about. */
export function questionOf(call: IamCall): string {
  return callKey({ ...call, caller: { service: "" } })
    .replaceAll(/\/(webhooks|polls|statements)\/\S*/g, "/$1/")
    .replaceAll(/=(webhooks|polls|statements)\/\S*/g, "=$1/")
    .trim();
}
