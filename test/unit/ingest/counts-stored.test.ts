import { expect, it } from "vitest";

import { makeIngestHandler } from "../../../lambdas/ingest/handler.ts";
import { METRICS } from "../../../lambdas/settings/metrics.ts";
import { makeMetrics } from "../../../lambdas/telemetry/metrics.ts";
import { requestOf } from "../../../tools/cloud-in-memory/builders.ts";
import { makeMemoryCloud } from "../../../tools/cloud-in-memory/cloud.ts";
import { ingestOver } from "../../../tools/cloud-in-memory/runtime.ts";
import { basicOf } from "../../support/ingest.ts";

it.each([
  { countsStored: true, stored: [METRICS.webhooksReceived] },
  { countsStored: false, stored: [] },
])(
  "writes of a stored webhook $stored where countsStored is $countsStored, and of a refused one its count",
  async ({ countsStored, stored }) => {
    const cloud = makeMemoryCloud({ now: Date.now });
    cloud.webhookSecret.put(
      JSON.stringify({ basic: [{ username: "alloy", password: "correct horse battery" }] }),
    );
    const lines: string[] = [];
    const metrics = makeMetrics({
      stage: "test",
      write: (line) => void lines.push(line),
      now: Date.now,
    });
    const handle = makeIngestHandler(ingestOver({ cloud, metrics, countsStored }));
    const post = async (password: string) => {
      const headers = { authorization: basicOf("alloy", password) };
      const { statusCode } = await handle(requestOf({ headers, body: "{}" }));
      return [statusCode, namesIn(lines.splice(0))];
    };

    expect(await post("correct horse battery")).toEqual([200, stored]);
    expect(await post("a wrong password")).toEqual([401, [METRICS.credentialsRejected]]);
  },
);

function namesIn(lines: readonly string[]): readonly string[] {
  const names = Object.values(METRICS);
  return lines.flatMap((line) => names.filter((name) => line.includes(`"${name}":`)));
}
