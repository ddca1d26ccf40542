import { getPriority, setPriority } from "node:os";
import { expect } from "vitest";

/*
 * The functions of the deployed stacks have to answer within the limits of the real ones, and compute little. What only
 * computes has three times less of a busy core (nice 5), and so has what it starts.
 */
function isOfE2e(): boolean {
  return expect.getState().testPath?.includes("/test/e2e/") === true;
}

if (!isOfE2e()) setPriority(Math.max(getPriority(), 5));
