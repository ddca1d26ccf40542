import { createServer } from "node:net";
import { expect, test } from "vitest";

import { freePorts, isPortFree, PORTS_FOR_LATER } from "../../../tools/local/emulator/ports.ts";

test("ports that stay unbound for a while are none that anybody else gets: a deployed stack's Alloy found its own taken", async () => {
  const [others, forLater] = [await freePorts(40), await freePorts(40, PORTS_FOR_LATER)];

  expect(Math.max(...others)).toBeLessThan(PORTS_FOR_LATER.first);
  expect(Math.min(...forLater)).toBeGreaterThanOrEqual(PORTS_FOR_LATER.first);
  // Linux takes ports of outgoing connections from there on.
  expect(Math.max(...forLater)).toBeLessThan(32_768);
  expect(new Set(forLater).size).toBe(40);
});

test("a port that somebody has is not free, and a range without another one says so", async () => {
  const [port = 0] = await freePorts(1, PORTS_FOR_LATER);
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));

  expect(await isPortFree(port)).toBe(false);
  await expect(freePorts(1, { first: port, last: port })).rejects.toThrow(
    `127.0.0.1 has no free port between ${port} and ${port}.`,
  );
  await new Promise((resolve) => server.close(resolve));
});
