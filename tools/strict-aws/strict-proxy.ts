import { Agent, createServer, request as send } from "node:http";
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import { urlToHttpOptions } from "node:url";

import { cbor } from "@smithy/core/cbor";

import type { GuardedServer } from "../guard/guard.ts";
import { forPrograms, headersOf, listen } from "../guard/listen.ts";
import { isRecord } from "../template/template.ts";
import { judgeLimits } from "./call-refusal.ts";
import type { Verdict } from "./call-refusal.ts";
import { callerName } from "./iam/call.ts";
import type { Caller } from "./iam/call.ts";
import type { IamGuard } from "./iam/guard.ts";
import { answerToBatch, withoutRefused } from "./refused-entries.ts";
import { recognise } from "./wire.ts";
import type { Recognised, WireRequest } from "./wire.ts";

/** What stands behind a proxy: a URL, where a server listens, or what answers in this process. */
export type Behind = string | GuardedServer | ((asked: WireRequest) => Promise<Answered>);

interface Options {
  readonly target: Behind;
  readonly guard: IamGuard;
  /** By the access key that signed the request. */
  readonly callerOf: (accessKeyId: string) => Caller;
  /** Told of each refusal before it is answered: who called what, and why that is refused. */
  readonly onRefused: (sentence: string) => void;
  /** A fault of AWS's that somebody has switched on; null: none. It is no refusal. @default - never one */
  readonly faultOf?: (request: Recognised) => Fault | null;
}

/** Above the idle time of the clients' connections: none is closed in the moment in which it is used. */
const KEEP_ALIVE_MS = 75_000;

/** Below the idle time of what stands behind. */
const IDLE_MS = 4_000;

/**
 * Judges every request by IAM and by AWS's documented limits, and forwards what AWS would take. The rest is answered as
 * its service answers. For bundles that run as they are deployed, and for clients that are no SDK's.
 */
export async function startStrictProxy(options: Options) {
  const agent = new Agent({ keepAlive: true, timeout: IDLE_MS });
  const server = createServer(
    { keepAliveTimeout: KEEP_ALIVE_MS },
    forPrograms((incoming, outgoing) => {
      readRequest(incoming)
        .then((asked) => answer(asked, outgoing, { ...options, agent }))
        // Whoever asked has hung up, or what is behind has: the client finds out, and asks again.
        .catch(() => outgoing.destroy());
    }),
  );
  const { url, stop } = await listen(server);
  return {
    url,
    close: async () => {
      agent.destroy();
      await stop();
    },
  };
}

/** A request, once all of it is there. */
export async function readRequest(incoming: IncomingMessage): Promise<WireRequest> {
  return {
    method: incoming.method ?? "GET",
    url: incoming.url ?? "/",
    headers: headersOf(incoming),
    body: await buffer(incoming),
  };
}

async function answer(
  asked: WireRequest,
  outgoing: ServerResponse,
  options: Options & { readonly agent: Agent },
): Promise<void> {
  const { guard, onRefused } = options;
  const { request, caller, denial, limits } = judge(asked, options);
  const deny = (sentence: string) => {
    onRefused(sentence);
    refuse(outgoing, request, denied(request, sentence));
  };
  if (denial !== null) {
    deny(denial);
    return;
  }
  const fault = options.faultOf?.(request) ?? null;
  if (fault !== null) {
    refuse(outgoing, request, fault);
    return;
  }
  const { whole, entries } = limits;
  for (const { name, message } of whole === null ? entries.values() : [whole]) {
    onRefused(`${callName(request, caller)}: ${name}: ${message}`);
  }
  if (whole !== null) {
    refuse(outgoing, request, { status: 400, code: whole.name, message: whole.message });
    return;
  }
  const answered =
    entries.size === 0
      ? await passOn(asked, options)
      : await passOnOthers({ ...asked, request }, entries, options);
  // S3 tells nobody that a key is missing who may not list.
  if (answered.status === 404 && request.service === "s3") {
    const unlisted = guard.refusalOfMissingKey(request.input, caller);
    if (unlisted !== null) {
      deny(unlisted.sentence);
      return;
    }
  }
  outgoing.writeHead(answered.status, answered.headers).end(answered.body);
}

/** What AWS says to a request, before what is behind is asked. */
type Judgement = { readonly caller: Caller } & (
  | { readonly request: Recognised | null; readonly denial: string; readonly limits: null }
  | { readonly request: Recognised; readonly denial: null; readonly limits: Verdict }
);

function judge(asked: WireRequest, { guard, callerOf }: Options): Judgement {
  const request = read(asked);
  const caller = callerOf(request?.accessKeyId ?? "");
  const deny = (denial: string) => ({ request, caller, denial, limits: null });
  if (request === null) return deny(guard.refusalOfUnknown(asked, caller).sentence);
  try {
    const denial = guard.refusal(request, caller);
    if (denial !== null) return deny(denial.sentence);
    return { request, caller, denial, limits: judgeLimits(request.operation, request.input) };
  } catch (error) {
    // A right that is not known here is none, and an input of another shape is not taken.
    return deny(`${callName(request, caller)}: ${String(error)}`);
  }
}

/** Null: nobody can read it. */
function read(asked: WireRequest): Recognised | null {
  try {
    return recognise(asked);
  } catch {
    // No JSON and no CBOR, though it says so.
    return null;
  }
}

function callName({ service, operation }: Recognised, caller: Caller): string {
  return `${callerName(caller)} ${service}:${operation}`;
}

/** Passes on what is left of a batch. What is behind it may refuse all of that. */
async function passOnOthers(
  asked: WireRequest & { readonly request: Recognised },
  refusals: Verdict["entries"],
  options: { readonly target: Behind; readonly agent: Agent },
): Promise<Answered> {
  const others = withoutRefused(asked.request.input, refusals);
  const headers = { "content-type": JSON_TYPE };
  const answered =
    others === null
      ? { status: 200, headers, body: Buffer.from("{}") }
      : await passOn(withInput(asked, others), options);
  if (answered.status !== 200) return answered;
  const output: unknown = JSON.parse(answered.body.toString());
  const whole = answerToBatch(asked.request, isRecord(output) ? output : {}, refusals);
  return { status: 200, headers, body: Buffer.from(JSON.stringify(whole)) };
}

export interface Answered {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

async function passOn(
  asked: WireRequest,
  { target, agent }: { readonly target: Behind; readonly agent: Agent },
): Promise<Answered> {
  if (typeof target === "function") return target(asked);
  const { method, url, headers, body } = asked;
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const place = typeof target === "string" ? urlToHttpOptions(new URL(target)) : target;
    const passed = send({ ...place, path: url, method, headers: { ...headers }, agent }, resolve);
    passed.on("error", reject);
    passed.end(body);
  });
  const read = await readRequest(response);
  // All of it is here: what was sent in chunks goes on whole.
  const { "transfer-encoding": _, connection: __, ...kept } = response.headers;
  return { status: response.statusCode ?? 502, headers: kept, body: Buffer.from(read.body) };
}

/** The same request with another input; its signature is not of that, which nothing behind a proxy looks at. */
function withInput(asked: WireRequest, input: object): WireRequest {
  const body = Buffer.from(JSON.stringify(input));
  return { ...asked, headers: { ...asked.headers, "content-length": String(body.length) }, body };
}

const JSON_TYPE = "application/x-amz-json-1.1";

interface Fault {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

/** SQS and S3 refuse by 403, the other services by 400. */
function denied(request: Recognised | null, sentence: string): Fault {
  const message = `IAM refuses: ${sentence}`;
  const isOlder = request?.service === "s3" || request?.service === "sqs";
  return isOlder
    ? { status: 403, code: "AccessDenied", message }
    : { status: 400, code: "AccessDeniedException", message };
}

/** Answers by a fault, as the request's protocol writes it. */
function refuse(
  outgoing: ServerResponse,
  request: Recognised | null,
  { status, code, message }: Fault,
): void {
  // SQS and CloudWatch keep the codes of their older protocol.
  const older = { "x-amzn-query-error": `${code};Sender` };
  switch (request?.protocol) {
    case "s3":
      outgoing.writeHead(status, { "content-type": "application/xml" });
      outgoing.end(`<Error><Code>${code}</Code><Message>${escaped(message)}</Message></Error>`);
      return;
    case "cbor":
      outgoing.writeHead(status, {
        "content-type": "application/cbor",
        "smithy-protocol": "rpc-v2-cbor",
        ...older,
      });
      outgoing.end(cbor.serialize({ __type: code, message }));
      return;
    case "json":
    case "query":
    case undefined:
      outgoing.writeHead(status, {
        "content-type": JSON_TYPE,
        ...(request?.service === "sqs" && older),
      });
      outgoing.end(JSON.stringify({ __type: code, message }));
  }
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
