import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, describe, expect, it } from "vitest";

import { bundle } from "../../../tools/bench/bundle.ts";

const folder = mkdtempSync(join(tmpdir(), "bundle-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("the bundle of ingest", () => {
  it("holds no package of anybody else, and at most 25 KB", async () => {
    const { packages, bytes } = await bundle("lambdas/ingest/index.ts", join(folder, "a.mjs"));

    expect(packages).toEqual([]);
    expect(bytes).toBeLessThanOrEqual(25_000);
  });

  it("would be seen to hold one", async () => {
    const entry = "tools/bench/subjects/ingest-aws4fetch.ts";

    const { packages } = await bundle(entry, join(folder, "b.mjs"));

    expect(packages).toEqual(["aws4fetch"]);
  });
});
