import { expect, inject, it } from "vitest";

it("can be had in CI, where tests that are skipped are tests that failed", () => {
  const skipped = inject("skipped");

  expect(process.env["CI"] ? skipped : null).toBeNull();
});
