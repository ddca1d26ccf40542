import { expect, it } from "vitest";

import { makeLineLogger } from "../../../lambdas/telemetry/line-logger.ts";
import { MESSAGES } from "../../../lambdas/telemetry/messages.ts";

it("writes level, code, sentence and fields as one line of JSON", () => {
  const lines: string[] = [];
  const logger = makeLineLogger((line) => void lines.push(line));

  logger.error("ingest.store.failed", { receiptId: "R-1", cause: "timeout" });

  expect(lines.map((line) => JSON.parse(line))).toEqual([
    {
      level: "ERROR",
      code: "ingest.store.failed",
      message: MESSAGES["ingest.store.failed"],
      receiptId: "R-1",
      cause: "timeout",
    },
  ]);
});
