import { createRequire } from "node:module";

import type { DynamoDBClientConfig } from "@aws-sdk/client-dynamodb";
import validations from "dynalite/validations/index.js";
import type { Data, Validations } from "dynalite/validations/index.js";
import type { Store } from "dynalite/db/index.js";

import { middlewareOf } from "../strict-aws/middleware.ts";
import type { Answered } from "../strict-aws/strict-proxy.ts";
import { textOf } from "../strict-aws/wire.ts";
import type { WireRequest } from "../strict-aws/wire.ts";

type Action = (
  store: Store,
  data: Data,
  done: (refusal: Error | null, answer?: object) => void,
) => void;

interface Known {
  readonly act: Action;
  readonly known: Validations;
}

const JSON_TYPE = "application/x-amz-json-1.0";

const require = createRequire(import.meta.url);

/** What dynalite can do, of what we ask of a table. */
const ACTIONS: ReadonlyMap<string, Known> = new Map(
  [
    "BatchGetItem",
    "BatchWriteItem",
    "CreateTable",
    "DeleteItem",
    "DescribeTable",
    "GetItem",
    "ListTables",
    "PutItem",
    "Query",
    "Scan",
    "UpdateItem",
  ].map((operation) => {
    const file = `${operation.charAt(0).toLowerCase()}${operation.slice(1)}.js`;
    const act: Action = require(`dynalite/actions/${file}`);
    const known: Validations = require(`dynalite/validations/${file}`);
    return [operation, { act, known }];
  }),
);

/**
 * Has a client of the SDK give its requests to the actions of a dynalite of this process: a connection, a signature that
 * nobody checks and what else HTTP needs took more than half of each call. What is asked is written and read as on the
 * wire, and dynalite validates it as its server does.
 */
export function asksInProcess(store: Store) {
  return {
    signer: { sign: (request) => Promise.resolve(request) },
    requestHandler: {
      handle: async (request: Pick<WireRequest, "headers" | "body">) => {
        const { status: statusCode, ...answered } = await answerOf(store, request);
        return { response: { statusCode, ...answered } };
      },
      updateHttpClientConfig: () => undefined,
      httpHandlerConfigs: () => ({}),
    },
  } satisfies DynamoDBClientConfig;
}

/** dynalite's answer to a request as it is on the wire. */
export async function answerOf(
  store: Store,
  { headers, body }: Pick<WireRequest, "headers" | "body">,
): Promise<Answered> {
  const [, operation = ""] = headers["x-amz-target"]?.split(".") ?? [];
  const action = ACTIONS.get(operation);
  const { status, said } =
    action === undefined || headers["content-type"] !== JSON_TYPE
      ? { status: 400, said: { __type: "com.amazon.coral.service#UnknownOperationException" } }
      : await saidBy(store, action, textOf(body));
  return {
    status,
    headers: { "content-type": JSON_TYPE },
    body: Buffer.from(JSON.stringify(said)),
  };
}

/** Has such a client leave out what no action looks at: what it says of itself, and what only a connection needs. */
export function saysNothingOfItself(client: unknown): void {
  const stack = middlewareOf(client);
  for (const name of ["getUserAgent", "recursionDetection", "hostHeader", "contentLength"]) {
    stack.remove(`${name}Middleware`);
  }
  // Powertools adds its own behind this one.
  stack.add((next) => next, { step: "build", name: "getUserAgentMiddleware" });
}

async function saidBy(store: Store, { act, known }: Known, body: string) {
  try {
    const data = validations.checkTypes(JSON.parse(body), known.types);
    validations.checkValidations(data, known.types, known.custom, store);
    const said = await new Promise<object>((resolve, reject) => {
      act(store, data, (refusal, answer = {}) => (refusal ? reject(refusal) : resolve(answer)));
    });
    return { status: 200, said };
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return { status: error.statusCode, said: error.body };
  }
}

function isRefusal(
  error: unknown,
): error is { readonly statusCode: number; readonly body: object } {
  return error instanceof Error && "statusCode" in error && "body" in error;
}
