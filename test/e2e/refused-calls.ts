import { afterEach, inject } from "vitest";
import { refusalText, takeRefusals } from "../support/take-refusals.ts";

/** A call that AWS would refuse fails the test that made it, whatever came of it. */
afterEach(() => {
  const file = inject("stack")?.refusals;
  const refusals = typeof file === "string" ? takeRefusals(file) : [];
  if (refusals.length > 0) throw new Error(refusalText(refusals));
});
