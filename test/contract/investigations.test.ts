import { describe, expect, test } from "vitest";

import { DynamoInvestigations } from "../../lambdas/adapters/dynamo/dynamo-investigations.ts";
import { withMethods } from "../../tools/cloud-in-memory/faults.ts";
import { MemoryInvestigations } from "../../tools/cloud-in-memory/investigations.ts";
import { anAlloyApi } from "../support/alloy-api.ts";
import { startDynamoDb } from "../support/dynalite.ts";
import { endingPagesEarly, startOwnClients } from "../support/own-clients.ts";
import { inRoleOf } from "../support/iam.ts";
import { investigationListOf, listedInvestigation } from "../support/investigations.ts";
import { describeInvestigations } from "./investigations.ts";

describeInvestigations("in memory", async () => ({
  kept: new MemoryInvestigations(),
  async close() {},
}));

describeInvestigations("on dynalite", async () => {
  const { client, applicationTableName, close } = await startDynamoDb({ pageItems: 2 });
  return { kept: new DynamoInvestigations(client, applicationTableName), close };
});

describeInvestigations("on dynalite, by the functions' own client", async () => {
  const dynamo = await startDynamoDb();
  const own = await startOwnClients(dynamo.answer);
  const calls = endingPagesEarly(own.dynamo, 2);
  const kept = new DynamoInvestigations(calls, dynamo.applicationTableName);
  const consumers = inRoleOf("consumer", "investigations", kept);
  return {
    kept: withMethods(inRoleOf("poller", "investigations", kept), {
      join: (event, origin) => consumers.join(event, origin),
      recordFailure: (failure) => consumers.recordFailure(failure),
      clearFailure: (token, eventId) => consumers.clearFailure(token, eventId),
    }),
    close: async () => {
      await own.close();
      await dynamo.close();
    },
  };
});

/** One call of the list, answered so. */
async function ask(status: number, body: string, headers: Readonly<Record<string, string>> = {}) {
  const urls: URL[] = [];
  const api = anAlloyApi("https://api.example.com/v1", {
    fetch: async (input) => {
      urls.push(new URL(input instanceof Request ? input.url : input));
      return new Response(body, { status, headers });
    },
  });
  return { answer: await api.listInvestigations(2, 1_000), urls };
}

describe("the list of Investigations", () => {
  test("is asked for by page, that moved last first, the closed ones among them", async () => {
    const list = investigationListOf([listedInvestigation()], { page: 2, pages: 3 });
    const { answer, urls } = await ask(200, list);

    expect(answer).toMatchObject({
      kind: "investigations",
      page: { investigations: [{ investigationToken: "INV-1" }], isLast: false },
    });
    const [url] = urls;
    expect(url?.pathname).toBe("/v1/investigations");
    expect(Object.fromEntries(url?.searchParams ?? [])).toEqual({
      pageNum: "2",
      numRowsPerPage: "100",
      sortColumn: "updated_at",
      sortOrder: "DESC",
      "q[includeClosed]": "true",
    });
  });

  test.each([
    [400, "{}", "refused"],
    [403, "<html>no</html>", "refused"],
    [404, '{"error":{"minor_code":4041}}', "refused"],
    [200, "<html>welcome</html>", "not-an-application"],
    [200, '{"investigations":null}', "not-an-application"],
    [202, "{}", "not-an-application"],
    [500, "{}", "server-error"],
  ])("is a failure when it answers %i %s", async (status, body, cause) => {
    const { answer } = await ask(status, body);

    expect(answer).toEqual({ kind: "failed", cause, retryAfterMs: null });
  });

  test("says that the key is refused, or that there are too many calls", async () => {
    expect((await ask(401, "{}")).answer).toEqual({ kind: "unauthorized" });
    expect((await ask(429, "{}", { "retry-after": "3" })).answer).toEqual({
      kind: "rate-limited",
      retryAfterMs: 3_000,
    });
  });
});
