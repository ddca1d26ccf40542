import { afterEach } from "vitest";

import { expectRefusals, unexpectedRefusals } from "./refusals.ts";

/** A test fails by itself when AWS would have refused one of its calls, whatever else it looks at. */
afterEach(() => {
  const refusals = unexpectedRefusals();
  expectRefusals();
  if (refusals.length > 0) throw new Error(`AWS would refuse: ${refusals.join("; ")}`);
});
