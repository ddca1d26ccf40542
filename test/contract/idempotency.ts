import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";

import type { Idempotency } from "../../lambdas/domain/ports.ts";

/** A store of idempotency records, and sandboxes that share it. */
export interface OpenIdempotency {
  /** A sandbox with an invocation that has so much of its time left, in milliseconds. */
  readonly newSandbox: (remainingMs: number) => Idempotency;
  readonly close: () => Promise<void>;
}

/** Rows of pitfalls, section 1, each by its name there, for each implementation of `Idempotency`. */
export function describeIdempotency(name: string, open: () => Promise<OpenIdempotency>): void {
  describe(`Idempotency: ${name}`, () => {
    let opened: OpenIdempotency;
    let idempotency: Idempotency;

    beforeAll(async () => {
      opened = await open();
    });

    beforeEach(() => {
      idempotency = newSandbox();
    });

    afterEach(() => {
      vi.useRealTimers();
    });

    afterAll(async () => {
      await opened.close();
    });

    function newSandbox(remainingMs = 30_000): Idempotency {
      return opened.newSandbox(remainingMs);
    }

    /** An action that goes on until it is told how to end. */
    async function begin(sandbox: Idempotency, eventId: string) {
      const started = Promise.withResolvers<void>();
      const ending = Promise.withResolvers<void>();
      const result = sandbox.once(eventId, async () => {
        started.resolve();
        await ending.promise;
      });
      await started.promise;
      return { result, succeed: ending.resolve, fail: ending.reject };
    }

    const nothing = async () => {};

    async function sleep(ms: number): Promise<void> {
      await new Promise((resolve) => {
        setTimeout(resolve, ms);
      });
    }

    test("runs an action once per event, in another sandbox too", async () => {
      let runs = 0;
      const action = async () => {
        runs += 1;
      };

      const first = await idempotency.once("event-1", action);
      const second = await newSandbox().once("event-1", action);

      expect([first, second, runs]).toEqual(["done", "duplicate", 1]);
    });

    test("keeps events apart", async () => {
      const results = await Promise.all([
        idempotency.once("event-apart-1", nothing),
        idempotency.once("event-apart-2", nothing),
      ]);

      expect(results).toEqual(["done", "done"]);
    });

    test("refuses a missing key (scalar key missing)", async () => {
      let ran = false;
      const refused = idempotency.once("", async () => {
        ran = true;
      });

      await expect(refused).rejects.toThrow(Error);
      expect(ran).toBe(false);
    });

    test("runs again what failed, and says with what it failed", async () => {
      const failing = idempotency.once("event-2", () =>
        Promise.reject(new Error("the bus is down")),
      );

      await expect(failing).rejects.toThrow("the bus is down");
      expect(await idempotency.once("event-2", nothing)).toBe("done");
    });

    test("says that another is at it (same key twice in one parallel batch)", async () => {
      const first = await begin(idempotency, "event-3");

      const second = await newSandbox().once("event-3", nothing);
      first.succeed();

      expect([await first.result, second]).toEqual(["done", "in-conflict"]);
      expect(await newSandbox().once("event-3", nothing)).toBe("duplicate");
    });

    test("lets the lock of a killed attempt end with its invocation (context not registered)", async () => {
      // By a clock that stands still: two calls may take longer than the lock.
      const now = Date.now();
      vi.useFakeTimers({ toFake: ["Date"], now });
      // Never ends, as in a sandbox that is killed; 50 ms were left of its time.
      await begin(newSandbox(50), "event-4");
      expect(await idempotency.once("event-4", nothing)).toBe("in-conflict");

      vi.setSystemTime(now + 51);

      expect(await idempotency.once("event-4", nothing)).toBe("done");
    });

    test("takes no time left for not knowing it: then the lock lasts as the record does", async () => {
      await begin(newSandbox(0), "event-5");

      await sleep(50);

      expect(await idempotency.once("event-5", nothing)).toBe("in-conflict");
    });

    test("lets a late failure take a later attempt's lock (no fencing)", async () => {
      const late = await begin(newSandbox(1), "event-6");
      await sleep(50);
      const later = await begin(newSandbox(), "event-6");

      late.fail(new Error("too late"));
      await expect(late.result).rejects.toThrow("too late");
      const third = await newSandbox().once("event-6", nothing);
      later.succeed();

      // Why every effect is conditional by itself.
      expect([await later.result, third]).toEqual(["done", "done"]);
    });
  });
}
