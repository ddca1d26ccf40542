import { createServer } from "node:http";
import type { RequestListener } from "node:http";

import { onTestFinished } from "vitest";

export type LocalServer = Awaited<ReturnType<typeof startLocalServer>>;

/** Answers on a port of 127.0.0.1; whoever still listens when it closes is cut off. @param port - 0: a free one. */
export async function startLocalServer(answer: RequestListener, port = 0) {
  const server = createServer(answer);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(port, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const url = `http://127.0.0.1:${address.port}`;
  return {
    /** Without a slash at the end. */
    url,
    /** The same as the base of Alloy's API, as `alloy.baseUrl` names it. */
    baseUrl: `${url}/v1`,
    /** Closes what is idle, as a load balancer does. */
    closeIdleConnections: () => server.closeIdleConnections(),
    close: async (): Promise<void> => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}

/** Answers until the test that asks for it ends. @returns the base of Alloy's API there. */
export async function aServer(answer: RequestListener): Promise<string> {
  const { baseUrl, close } = await startLocalServer(answer);
  onTestFinished(close);
  return baseUrl;
}
