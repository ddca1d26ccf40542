import { createRequire } from "node:module";

import {
  ConditionalCheckFailedException,
  DynamoDBServiceException,
} from "@aws-sdk/client-dynamodb";
import validations from "dynalite/validations/index.js";
import type { Data, Validations } from "dynalite/validations/index.js";
import type { Store } from "dynalite/db/index.js";

import { middlewareOf, operationOf } from "../strict-aws/middleware.ts";
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
 * Has the calls of a client of the SDK end in the actions of a dynalite of this process: how the SDK writes, signs, sends and
 * reads took most of each call. dynalite is asked what would be on the wire, and validates it as its server does.
 */
export function asksInProcess(client: unknown, store: Store): void {
  middlewareOf(client).add(
    (_, context) =>
      async ({ input }) => {
        const { status, said } = await saidBy(store, operationOf(context), written(input));
        const answer = read(said);
        const $metadata = { httpStatusCode: status };
        if (status !== 200) throw errorOf(answer, $metadata);
        return { output: { $metadata, ...answer }, response: {} };
      },
    { step: "initialize", priority: "low", name: "askInProcess" },
  );
}

/** A copy as JSON has it: without what is undefined, and with bytes as base64. */
function written(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  if (Array.isArray(value)) return value.map(written);
  const copy: Record<string, unknown> = {};
  for (const [name, one] of Object.entries(value)) if (one !== undefined) copy[name] = written(one);
  return copy;
}

function bytesOf(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, "base64"));
}

/** The copy that the SDK makes of an answer. A text by the name of `B` is bytes: an attribute of that name is an object. */
function read<Value>(value: Value): Value;
function read(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((one) => read(one));
  const copy: Record<string, unknown> = {};
  for (const [name, one] of Object.entries(value)) {
    if (name === "B" && typeof one === "string") copy[name] = bytesOf(one);
    else if (name === "BS" && Array.isArray(one)) copy[name] = one.map(String).map(bytesOf);
    else if (one !== undefined) copy[name] = read(one);
  }
  return copy;
}

interface Refusal {
  readonly __type?: string;
  readonly message?: string;
  readonly Message?: string;
  readonly Item?: ConditionalCheckFailedException["Item"];
}

/** A refusal as the SDK throws it. */
function errorOf(
  { __type = "", message = "", Message = message, Item }: Refusal,
  $metadata: { readonly httpStatusCode: number },
): DynamoDBServiceException {
  const [, name = ""] = __type.split("#");
  const said = { message: Message, $metadata };
  return name === "ConditionalCheckFailedException"
    ? new ConditionalCheckFailedException({ ...said, Item })
    : new DynamoDBServiceException({ ...said, name, $fault: "client" });
}

/** dynalite's answer to a request as it is on the wire. */
export async function answerOf(
  store: Store,
  { headers, body }: Pick<WireRequest, "headers" | "body">,
): Promise<Answered> {
  const [, operation = ""] = headers["x-amz-target"]?.split(".") ?? [];
  const { status, said } =
    headers["content-type"] === JSON_TYPE
      ? await saidBy(store, operation, JSON.parse(textOf(body)))
      : UNKNOWN;
  return {
    status,
    headers: { "content-type": JSON_TYPE },
    body: Buffer.from(JSON.stringify(said)),
  };
}

const UNKNOWN = {
  status: 400,
  said: { __type: "com.amazon.coral.service#UnknownOperationException" },
} as const;

interface Said {
  readonly status: number;
  readonly said: object;
}

async function saidBy(store: Store, operation: string, asked: unknown): Promise<Said> {
  const action = ACTIONS.get(operation);
  if (action === undefined) return UNKNOWN;
  const { act, known } = action;
  try {
    const data = validations.checkTypes(asked, known.types);
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
