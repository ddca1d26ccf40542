import type { Agent, IncomingHttpHeaders } from "node:http";

import type { AwsFailure } from "../../domain/aws-failure.ts";
import { builtins } from "../../lazy-builtins.ts";

/** One request to send. */
export interface Sent {
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
  readonly agent: Agent;
  /** From the request to the end of the answer. */
  readonly timeoutMs: number;
}

/** An answer with its whole body. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** An answer, or why there is none. */
export type Exchange = HttpAnswer | { readonly failure: AwsFailure };

/** Sends one request once. It does not throw for what the network does. */
export function exchange({ url, body, timeoutMs, ...options }: Sent): Promise<Exchange> {
  const { request } = url.protocol === "http:" ? builtins.http : builtins.https;
  return new Promise((resolve) => {
    const fail = (error: NodeJS.ErrnoException) =>
      settle({ failure: networkFailureOf(error.code) });
    const sent = request(url, options, (answer) => {
      const chunks: Buffer[] = [];
      answer.on("data", (chunk: Buffer) => chunks.push(chunk));
      answer.on("end", () => {
        const { statusCode: status = 0, headers } = answer;
        settle({ status, headers, body: Buffer.concat(chunks) });
      });
      // Also when the other side hangs up within its answer.
      answer.on("error", fail);
    });
    const timer = setTimeout(() => {
      settle({ failure: "timeout" });
      sent.destroy();
    }, timeoutMs);
    function settle(result: Exchange): void {
      clearTimeout(timer);
      resolve(result);
    }
    sent.on("error", fail);
    sent.end(body);
  });
}

function networkFailureOf(code: string | undefined): AwsFailure {
  if (code === "ECONNREFUSED") return "refused";
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return "unresolved";
  if (code === "ETIMEDOUT") return "timeout";
  return "reset";
}
