import { createServer, request as send } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";

import type { Caller } from "./call.ts";
import type { IamGuard } from "./guard.ts";
import { recognise } from "./wire.ts";
import type { WireRequest } from "./wire.ts";

/** A proxy in front of an endpoint of AWS, or of what plays it. */
export interface IamProxy {
  readonly url: string;
  readonly close: () => Promise<void>;
}

/**
 * Judges every request, and forwards those that IAM allows. A refused one is answered as its service answers, and the
 * guard remembers it. For bundles that run as they are deployed, and for clients that are no SDK's.
 *
 * @param options.callerOf - by the access key that signed the request.
 */
export async function startIamProxy(options: {
  readonly target: string;
  readonly guard: IamGuard;
  readonly callerOf: (accessKeyId: string) => Caller;
}): Promise<IamProxy> {
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("error", () => outgoing.destroy());
    incoming.on("end", () => answer(incoming, outgoing, Buffer.concat(chunks), options));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The proxy has no port.");
  return {
    url: `http://127.0.0.1:${address.port}`,
    async close() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}

type Options = Parameters<typeof startIamProxy>[0];

function answer(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  body: Buffer,
  { target, guard, callerOf }: Options,
): void {
  const asked: WireRequest = {
    method: incoming.method ?? "GET",
    url: incoming.url ?? "/",
    headers: Object.fromEntries(
      Object.entries(incoming.headers).map(([name, value]) => [name, value?.toString()]),
    ),
    body,
  };
  const request = recognise(asked);
  const caller = callerOf(request?.accessKeyId ?? "");
  const denial =
    request === null ? guard.refusalOfUnknown(asked, caller) : guard.refusal(request, caller);
  if (denial !== null) {
    refuse(outgoing, request?.service ?? "", denial.sentence);
    return;
  }
  forward(asked, target, outgoing, (status) => {
    // S3 tells nobody that a key is missing who may not list.
    if (status !== 404 || request?.service !== "s3") return false;
    const unlisted = guard.refusalOfMissingKey(request.input, caller);
    if (unlisted !== null) refuse(outgoing, "s3", unlisted.sentence);
    return unlisted !== null;
  });
}

function forward(
  { method, url, headers, body }: WireRequest,
  target: string,
  outgoing: ServerResponse,
  isRefused: (status: number) => boolean,
): void {
  const passed = send(new URL(url, target), { method, headers: { ...headers } }, (response) => {
    const status = response.statusCode ?? 502;
    if (isRefused(status)) {
      response.resume();
      return;
    }
    outgoing.writeHead(status, response.headers);
    response.pipe(outgoing);
  });
  passed.on("error", () => outgoing.destroy());
  passed.end(body);
}

/** SQS and S3 refuse by 403, the JSON services by 400; S3 in XML. */
function refuse(outgoing: ServerResponse, service: string, sentence: string): void {
  if (service === "s3") {
    outgoing.writeHead(403, { "content-type": "application/xml" });
    outgoing.end(
      `<Error><Code>AccessDenied</Code><Message>IAM refuses: ${escaped(sentence)}</Message></Error>`,
    );
    return;
  }
  outgoing.writeHead(service === "sqs" ? 403 : 400, {
    "content-type": "application/x-amz-json-1.1",
    // SQS keeps the codes of its older protocol.
    ...(service === "sqs" && { "x-amzn-query-error": "AccessDenied;Sender" }),
  });
  outgoing.end(
    JSON.stringify({ __type: "AccessDeniedException", message: `IAM refuses: ${sentence}` }),
  );
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
