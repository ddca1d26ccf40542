import { describe, expect, test } from "vitest";

import { NEVER_CHECKED } from "../../lambdas/domain/polling/polling-ports.ts";
import type { ClaimedApplication } from "../../lambdas/domain/polling/polling-ports.ts";
import { stateOfEvent } from "../../lambdas/domain/application/observation.ts";
import { makePollerHandler } from "../../lambdas/poller/handler.ts";
import { makeMetrics } from "../../lambdas/telemetry/metrics.ts";
import { aJourneyEvent } from "../support/journey-event.ts";
import { anAlloyApi } from "../support/alloy-api.ts";
import { aServer } from "../support/local-server.ts";
import { POLLER_SETTINGS, pollerOver } from "../../tools/cloud-in-memory/runtime.ts";

const MARK = "MARKED";
const KEY = { token: `${MARK}-token`, secret: `${MARK}-secret` };
const BASIC = Buffer.from(`${KEY.token}:${KEY.secret}`).toString("base64");

/** An application in which everything that must not be logged is marked. */
function applicationOf(authorization: string): string {
  return JSON.stringify({
    journey_application_token: "JA-1",
    status: "running",
    echo: authorization,
    name_first: `${MARK}-name`,
    external_group_id: `${MARK}-group`,
    _embedded: {
      journey: { journey_token: "J-1", journey_name: `${MARK}-journey` },
      child_entities: [{ name: `${MARK}-child` }],
      events: [
        { type: "pending_review", timestamp: 1_760_000_000_000, reason: `${MARK}-reason` },
        { type: `${MARK} a type that nobody knows`, note: `${MARK}-note` },
      ],
    },
  });
}

describe("the log of the poller holds nothing of Alloy's answers and of our key", () => {
  /** Runs the poller over one application that is due, and returns all that it wrote. */
  async function logOf(baseUrl: string, auth: "basic" | "bearer"): Promise<string> {
    const log: unknown[] = [];
    const write = (...written: unknown[]) => void log.push(written);
    const now = Date.now();
    const application: ClaimedApplication = {
      state: stateOfEvent(aJourneyEvent()),
      memory: NEVER_CHECKED,
      gap: null,
      dueAt: now,
      claimedUntil: now + 60_000,
      storedGap: null,
      tally: null,
      revision: 1,
    };
    const run = makePollerHandler(
      pollerOver({
        applications: {
          list: async () => [{ applicationToken: "JA-1", dueAt: now, hasFailed: false }],
          begin: async () => "begun",
          end: async () => {},
          take: async () => application,
          claim: async () => application,
          look: async () => application,
          history: async () => ({ events: [], failures: [] }),
          plan: async () => {},
          openGaps: async () => ({ oldest: [], further: 0 }),
          countDue: async () => 0,
          witness: async () => null,
          keepWitness: async () => {},
        },
        alloy: anAlloyApi(baseUrl, { auth, keys: [KEY] }),
        settings: { ...POLLER_SETTINGS, investigations: true },
        metrics: makeMetrics({ stage: "test", write, now: Date.now }),
        logger: { debug: write, info: write, warn: write, error: write },
      }),
    );
    write(await run({}));
    return JSON.stringify(log);
  }

  test.each(["basic", "bearer"] as const)("after whatever came by %s", async (auth) => {
    const bodies: readonly ((authorization: string) => string)[] = [
      applicationOf,
      (authorization) => `<html>${authorization} ${MARK}`,
      (authorization) => JSON.stringify({ error: { minor_code: 4041, message: authorization } }),
    ];
    for (const body of bodies) {
      for (const status of [200, 302, 400, 401, 404, 409, 429, 500]) {
        const baseUrl = await aServer((request, response) => {
          const authorization = request.headers.authorization ?? "";
          if (request.method === "POST") {
            const bearer = { access_token: `${MARK}-bearer`, expires_in: 3_600 };
            response.end(JSON.stringify(bearer));
            return;
          }
          response.writeHead(status, { "x-echo": authorization, location: `/${MARK}` });
          response.end(body(authorization));
        });

        const log = await logOf(baseUrl, auth);

        expect(log).toContain("poller.run.ended");
        expect(log).not.toContain(MARK);
        expect(log).not.toContain(BASIC);
      }
    }
  });

  test("after a bearer that is no bearer, or none that a header can carry", async () => {
    for (const bearer of [
      `${MARK} {`,
      JSON.stringify({ access_token: `${MARK}\n`, expires_in: 9 }),
    ]) {
      const baseUrl = await aServer((_, response) => response.end(bearer));

      const log = await logOf(baseUrl, "bearer");

      expect(log).toContain("poller.call.failed");
      expect(log).not.toContain(MARK);
      expect(log).not.toContain(BASIC);
    }
  });
});
