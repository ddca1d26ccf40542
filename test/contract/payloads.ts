import { beforeAll, describe, expect, test } from "vitest";

import type { PayloadBucket } from "../../lambdas/domain/event/claim-check.ts";
import { PermanentError } from "../../lambdas/domain/errors.ts";
import type { PayloadReader } from "../../lambdas/domain/ports.ts";

/** The payload bucket behind both of its ports. */
export interface OpenPayloads {
  readonly bucket: PayloadBucket;
  readonly reader: PayloadReader;
  readonly close: () => Promise<void>;
}

/** The promises of `PayloadBucket` and `PayloadReader`, for each of their implementations. */
export function describePayloads(name: string, open: () => Promise<OpenPayloads>): void {
  describe(`The payload bucket: ${name}`, () => {
    let opened: OpenPayloads;
    const deadline = () => Date.now() + 10_000;

    beforeAll(async () => {
      opened = await open();
      return () => opened.close();
    });

    test.each([
      ["nothing", new Uint8Array()],
      ["text", new TextEncoder().encode("ä".repeat(600_000))],
      ["bytes of every value", Uint8Array.from({ length: 1_100_000 }, (_, index) => index % 256)],
    ])("gives %s back as it was put", async (what, bytes) => {
      const key = `webhooks/2026-11-23/${what} (1)'*!`;

      const outcome = await opened.bucket.put(key, bytes, deadline());

      expect(outcome).toEqual({ stored: true });
      expect(Buffer.compare(await opened.reader.read(key), bytes)).toBe(0);
    });

    test("keeps the last of two bodies of one key", async () => {
      const key = "webhooks/2026-11-23/twice";
      await opened.bucket.put(key, Uint8Array.of(1), deadline());
      await opened.bucket.put(key, Uint8Array.of(2), deadline());

      expect([...(await opened.reader.read(key))]).toEqual([2]);
    });

    test("says of a payload that is not there that no retry can help", async () => {
      const read = opened.reader.read("webhooks/2026-11-23/gone");

      await expect(read).rejects.toThrow(PermanentError);
      await expect(opened.reader.read("webhooks/2026-11-23/gone")).rejects.toThrow(
        "webhooks/2026-11-23/gone is not in the bucket any more",
      );
    });
  });
}
