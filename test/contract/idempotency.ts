import { setTimeout as sleep } from "node:timers/promises";

import { beforeAll, beforeEach, describe, expect, test, vi } from "vitest";

import type { Idempotency } from "../../lambdas/domain/ports.ts";

/** A store of idempotency records, and sandboxes that share it. */
export interface OpenIdempotency {
  readonly newSandbox: () => Idempotency;
  readonly close: () => Promise<void>;
}

/** Rows of pitfalls, section 1, each by its name there, for each implementation of `Idempotency`. */
export function describeIdempotency(name: string, open: () => Promise<OpenIdempotency>): void {
  describe(`Idempotency: ${name}`, () => {
    let opened: OpenIdempotency;
    let idempotency: Idempotency;

    beforeAll(async () => {
      opened = await open();
      return () => opened.close();
    });

    beforeEach(() => {
      idempotency = opened.newSandbox();
      return () => vi.useRealTimers();
    });

    const newSandbox = () => opened.newSandbox();

    /** Of an invocation that has so much of its time left, in milliseconds. */
    const begin = (eventId: string, sandbox = idempotency, remainingMs = 30_000) =>
      sandbox.begin(eventId, remainingMs);

    test("begins an event once, in another sandbox too", async () => {
      const first = await begin("event-1");
      await idempotency.complete("event-1");
      const second = await begin("event-1", newSandbox());

      expect([first, second]).toEqual(["begun", "duplicate"]);
    });

    test("keeps events apart", async () => {
      const results = await Promise.all([begin("event-apart-1"), begin("event-apart-2")]);

      expect(results).toEqual(["begun", "begun"]);
    });

    test("refuses a missing key (scalar key missing)", async () => {
      await expect(begin("")).rejects.toThrow(Error);
    });

    test("begins again what was released", async () => {
      await begin("event-2");
      await idempotency.release("event-2");

      expect(await begin("event-2")).toBe("begun");
    });

    test("says whether an event is completed: not one that is locked, released or unknown", async () => {
      await begin("event-7");
      await begin("event-8");
      await idempotency.release("event-8");
      const open = [];
      for (const id of ["event-7", "event-8", "event-9"])
        open.push(await idempotency.isCompleted(id));

      await idempotency.complete("event-7");

      expect(open).toEqual([false, false, false]);
      expect(await newSandbox().isCompleted("event-7")).toBe(true);
    });

    test("completes an event that nobody has locked by a record", async () => {
      await idempotency.complete("event-10");

      expect(await begin("event-10", newSandbox())).toBe("duplicate");
    });

    test("keeps what is completed, when a message releases its lock after that", async () => {
      await begin("event-11");
      await newSandbox().complete("event-11");

      await idempotency.release("event-11");

      expect(await begin("event-11", newSandbox())).toBe("duplicate");
    });

    test("releases what is not there", async () => {
      await idempotency.release("event-12");

      expect(await begin("event-12")).toBe("begun");
    });

    test("says that another is at it (same key twice in one parallel batch)", async () => {
      await begin("event-3");

      const second = await begin("event-3", newSandbox());
      await idempotency.complete("event-3");

      expect(second).toBe("in-conflict");
      expect(await begin("event-3", newSandbox())).toBe("duplicate");
    });

    test("lets the lock of a killed attempt end with its invocation (context not registered)", async () => {
      // By a clock that stands still: two calls may take longer than the lock.
      const now = Date.now();
      vi.useFakeTimers({ toFake: ["Date"], now });
      await begin("event-4", newSandbox(), 50);
      expect(await begin("event-4")).toBe("in-conflict");

      vi.setSystemTime(now + 51);

      expect(await begin("event-4")).toBe("begun");
    });

    test("takes no time left for not knowing it: then the lock lasts as the record does", async () => {
      await begin("event-5", newSandbox(), 0);

      await sleep(50);

      expect(await begin("event-5")).toBe("in-conflict");
    });

    test("lets a late failure take a later attempt's lock (no fencing)", async () => {
      const late = newSandbox();
      await begin("event-6", late, 1);
      await sleep(50);
      const later = await begin("event-6", newSandbox());

      await late.release("event-6");

      // Why every effect is conditional by itself.
      expect([later, await begin("event-6", newSandbox())]).toEqual(["begun", "begun"]);
    });
  });
}
