import { once } from "node:events";
import type { IncomingMessage, RequestListener, Server } from "node:http";

import { refusalOf, refuse } from "./refusal.ts";

/**
 * Has a server listen on 127.0.0.1.
 *
 * @param port - @default - a free one
 * @throws Error of the system when the port is taken.
 */
export async function listen(server: Server, port = 0) {
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The server has no port.");
  return {
    port: address.port,
    url: `http://127.0.0.1:${address.port}`,
    /** Ends it, and every connection to it: those that are kept alive, and those that wait for an answer. */
    stop: async () => {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Answers programs of this machine, and refuses the web pages of others. */
export function forPrograms(answer: RequestListener): RequestListener {
  return (request, response) => {
    const refusal = refusalOf(request);
    if (refusal === null) answer(request, response);
    else refuse(request, response, refusal);
  };
}

/** The headers of a request or an answer, names in lower case, several of one name as one text. */
export function headersOf({
  headers,
}: Pick<IncomingMessage, "headers">): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, value?.toString()]),
  );
}
