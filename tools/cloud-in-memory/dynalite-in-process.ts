import { createRequire } from "node:module";

import type { DynamoDBClientConfig } from "@aws-sdk/client-dynamodb";
import validations from "dynalite/validations/index.js";
import type { Data, Validations } from "dynalite/validations/index.js";
import type { Store } from "dynalite/db/index.js";

import { middlewareOf } from "../strict-aws/middleware.ts";

interface Request {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

type Action = (
  store: Store,
  data: Data,
  done: (refusal: Error | null, answer?: object) => void,
) => void;

const require = createRequire(import.meta.url);

/** What dynalite can do, of what we ask of a table. */
const ACTIONS: ReadonlyMap<string, { readonly act: Action; readonly known: Validations }> = new Map(
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
 * wire, and dynalite validates it as it does for its server, which whoever has the address reaches by HTTP.
 */
export function asksInProcess(store: Store) {
  return {
    signer: { sign: (request) => Promise.resolve(request) },
    requestHandler: {
      handle: async ({ headers, body }: Request) => {
        const [, operation = ""] = headers["x-amz-target"]?.split(".") ?? [];
        const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString();
        const { statusCode, answer } = await answerTo(store, operation, text);
        const response = { statusCode, headers: {}, body: Buffer.from(JSON.stringify(answer)) };
        return { response };
      },
      updateHttpClientConfig: () => undefined,
      httpHandlerConfigs: () => ({}),
    },
  } satisfies DynamoDBClientConfig;
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

async function answerTo(store: Store, operation: string, body: string) {
  const action = ACTIONS.get(operation);
  if (action === undefined) {
    const answer = { __type: "com.amazon.coral.service#UnknownOperationException" };
    return { statusCode: 400, answer };
  }
  const { act, known } = action;
  try {
    const data = validations.checkTypes(JSON.parse(body), known.types);
    validations.checkValidations(data, known.types, known.custom, store);
    const answer = await new Promise<object>((resolve, reject) => {
      act(store, data, (refusal, given = {}) => (refusal ? reject(refusal) : resolve(given)));
    });
    return { statusCode: 200, answer };
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return { statusCode: error.statusCode, answer: error.body };
  }
}

function isRefusal(
  error: unknown,
): error is { readonly statusCode: number; readonly body: object } {
  return error instanceof Error && "statusCode" in error && "body" in error;
}
