import { EventEmitter } from "node:events";
import type { Server } from "node:http";

import type { DynamoDBClientConfig } from "@aws-sdk/client-dynamodb";

interface Request {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

interface Response {
  readonly statusCode: number;
  readonly headers: Record<string, string>;
  readonly body: Uint8Array;
}

/** What dynalite wants to see of a signature; it reads who signed, and checks nothing. */
const UNCHECKED_SIGNATURE = {
  authorization: "AWS4-HMAC-SHA256 Credential=local, SignedHeaders=host, Signature=unchecked",
  "x-amz-date": "19700101T000000Z",
};

/**
 * Has a client of the SDK give its requests to a dynalite of this process as they are: a connection and a signature that
 * nobody checks took a third of each call. Whoever has the address still reaches dynalite by HTTP.
 *
 * @param dynalite - a server of which this asks no more than its listener of requests.
 */
export function asksInProcess(dynalite: Server) {
  return {
    signer: { sign: (request) => Promise.resolve(request) },
    requestHandler: {
      handle: ({ method, path, headers, body }: Request) =>
        new Promise<{ response: Response }>((resolve) => {
          const request = Object.assign(new EventEmitter(), {
            method,
            url: path,
            headers: { ...headers, ...UNCHECKED_SIGNATURE },
          });
          const answered: Record<string, string> = {};
          const response = {
            statusCode: 200,
            setHeader: (name: string, value: string | number) => {
              answered[name.toLowerCase()] = String(value);
            },
            end: (text = "") => {
              const { statusCode } = response;
              resolve({
                response: { statusCode, headers: answered, body: Buffer.from(text) },
              });
            },
          };
          dynalite.emit("request", request, response);
          request.emit("data", Buffer.from(body.buffer, body.byteOffset, body.byteLength));
          request.emit("end");
        }),
      updateHttpClientConfig: () => undefined,
      httpHandlerConfigs: () => ({}),
    },
  } satisfies DynamoDBClientConfig;
}
