import { randomInt } from "node:crypto";
import { createServer } from "node:net";

/**
 * Ports that a deployment keeps from run to run come from here: below the range from which systems take
 * the ports of outgoing connections (Linux from 32768, macOS from 49152), so that they stay free.
 */
const PORTS = { first: 20_000, last: 29_999 };

/** From here come those that stay unbound for a while, which nobody else may get meanwhile. */
export const PORTS_FOR_LATER = { first: 30_000, last: 32_767 };

/** With thousands of candidates, so many vain tries mean that nothing can be bound at all. */
const TRIES = 50;

/** Free ports of 127.0.0.1, all different. */
export async function freePorts(count: number, { first, last } = PORTS): Promise<number[]> {
  const found = new Set<number>();
  for (let tries = 0; tries < TRIES && found.size < count; tries += 1) {
    const port = randomInt(first, last + 1);
    if (await isPortFree(port)) found.add(port);
  }
  if (found.size < count) {
    throw new Error(`127.0.0.1 has no free port between ${first} and ${last}.`);
  }
  return [...found];
}

/** Whether this port of 127.0.0.1 can be bound now. */
export async function isPortFree(port: number): Promise<boolean> {
  const release = await reservePort(port);
  await release?.();
  return release !== null;
}

/**
 * Takes a port of 127.0.0.1, so that no other process does.
 *
 * @returns a function that gives it back; null when it is taken.
 */
export async function reservePort(port: number): Promise<(() => Promise<void>) | null> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy());
    server.on("error", () => resolve(null));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () =>
      resolve(() => new Promise((closed) => server.close(() => closed()))),
    );
  });
}
