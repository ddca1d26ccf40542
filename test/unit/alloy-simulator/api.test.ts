import { readFileSync } from "node:fs";

import { describe, expect, it } from "vitest";

import { makeAlloyApi } from "../../../tools/alloy-simulator/api.ts";
import { makeApiFaults } from "../../../tools/alloy-simulator/api-faults.ts";
import type { ApiFault } from "../../../tools/alloy-simulator/api-faults.ts";
import type { ApiRequest } from "../../../tools/alloy-simulator/api-reply.ts";
import { readScenarios } from "../../../tools/alloy-simulator/scenario.ts";
import { aScenarioOfOneEvent, anAlloy, theScenario } from "../../support/alloy-simulator.ts";
import { randomOf } from "../../../tools/cloud-in-memory/random.ts";

const JOURNEY = theScenario("approved-at-once").journey;
const ALL = `/v1/journeys/${JOURNEY}/applications`;

const basic = (pair: string) => `Basic ${Buffer.from(pair).toString("base64")}`;
const GOOD = basic("key:secret");

/** An Alloy's API, and a caller that is authorised unless it says otherwise. */
function anApi(scenarios = readScenarios()) {
  const world = anAlloy();
  const faults = makeApiFaults(world.time.now);
  const api = makeAlloyApi({
    alloy: world.alloy,
    faults,
    key: { token: "key", secrets: ["secret", "second-secret"] },
    scenarios,
    now: world.time.now,
    random: randomOf(7),
  });
  const call = async (
    method: string,
    path: string,
    { body, ...request }: { body?: unknown; headers?: ApiRequest["headers"] } = {},
  ) => {
    const reply = await api.answer({
      method,
      path,
      query: new URLSearchParams(),
      headers: { authorization: GOOD },
      body: body === undefined ? "" : typeof body === "string" ? body : JSON.stringify(body),
      ...request,
    });
    if (reply === null) throw new Error("the call was left hanging");
    return { ...reply, json: JSON.parse(reply.body) };
  };
  const get = (token = "JA-x", headers: ApiRequest["headers"] = { authorization: GOOD }) =>
    call("GET", `${ALL}/${token}`, { headers });
  const create = (body: unknown, headers?: ApiRequest["headers"]) =>
    call("POST", ALL, { body, ...(headers && { headers }) });
  const bearer = (headers: ApiRequest["headers"] = { authorization: GOOD }, body: object = GRANT) =>
    call("POST", "/v1/oauth/bearer", { body, headers });
  return { ...world, api, faults, call, get, create, bearer };
}

const GRANT = { grant_type: "client_credentials" };
const asynchronously = { authorization: GOOD, "alloy-journey-override-sync": "true" };
const oneEntity = { entities: [{ external_entity_id: "person-9" }] };

function fixture(name: string) {
  return JSON.parse(readFileSync(`test/fixtures/alloy-api/${name}`, "utf8"));
}

/** Names of fields, on every level, without what differs from event to event. */
function fieldsOf(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(fieldsOf).slice(0, 1);
  if (typeof json !== "object" || json === null) return "value";
  return Object.fromEntries(Object.entries(json).map(([key, inner]) => [key, fieldsOf(inner)]));
}

/** An error's body without the two values that are new each time. */
function comparable(error: ReturnType<typeof JSON.parse>) {
  const { timestamp: _timestamp, ...rest } = error;
  return { ...rest, error: { ...rest.error, error_token: "…", details: "…" } };
}

describe("Get Journey Application", () => {
  it("answers with the documented fields", async () => {
    const { submit, time, get } = anApi();
    const token = submit("approved-at-once");
    await time.runAll();

    const { status, json } = await get(token);

    expect(status).toBe(200);
    expect(fieldsOf(json)).toEqual({
      ...Object(fieldsOf(fixture("get-application.json"))),
      terminal_reconciliation_output: {
        outcome_reasons: [],
        tags: [],
        output_attributes: {},
        matrix_models: {},
      },
    });
    expect(json).toMatchObject({ status: "completed", complete_outcome: "Approved" });
    expect(json.closed_at).toBe(json._embedded.events.at(-1).timestamp);
  });

  it("has no outcome and is not closed before the end", async () => {
    const { submit, time, get } = anApi();
    const token = submit("manual-review-then-approved");
    await time.advance(60_000);

    const { json } = await get(token);

    expect(json).toMatchObject({
      status: "waiting_review",
      complete_outcome: null,
      closed_at: null,
      journey_application_status: "Application Review",
    });
  });

  it.each([`${ALL}/JA-unknown`, `/v1/journeys/J-other/applications/JA-unknown`, "/v1/nothing"])(
    "answers 404 to %s",
    async (path) => {
      const { call } = anApi();

      const { status, json } = await call("GET", path);

      expect(status).toBe(404);
      expect({ ...comparable(json), error: { ...comparable(json).error, message: "" } }).toEqual({
        ...comparable(fixture("errors/404-4041.json")),
        error: { ...comparable(fixture("errors/404-4041.json")).error, message: "" },
      });
    },
  );

  it("does not find an application under another Journey", async () => {
    const { submit, call } = anApi();
    const token = submit("denied");

    const { status } = await call(
      "GET",
      `/v1/journeys/J-simJointAcct9RkV2mXs/applications/${token}`,
    );

    expect(status).toBe(404);
  });
});

describe("Create Journey Application", () => {
  it("answers at once when it is asked to", async () => {
    const { create } = anApi();

    const { status, json } = await create(oneEntity, asynchronously);

    expect(status).toBe(201);
    expect(json).toMatchObject({ status: "running", complete_outcome: null });
    expect(json._embedded.events).toEqual([]);
  });

  it("waits for the decision otherwise", async () => {
    const { time, create } = anApi();

    const answering = create(oneEntity);
    await time.runAll();

    expect((await answering).json).toMatchObject({ status: "completed" });
  });

  it("waits no longer than until somebody has to act", async () => {
    const { time, create } = anApi();
    const scenario = "manual-review-then-approved";

    const reviewed = create({ ...oneEntity, application_meta: { scenario } });
    await time.advance(20_000);

    expect((await reviewed).json).toMatchObject({ status: "waiting_review" });
  });

  it("waits twenty seconds at most", async () => {
    const scenario = aScenarioOfOneEvent(); // It stays "running".
    const { time, create } = anApi(new Map([[scenario.name, scenario]]));
    let answered = false;

    const answering = create(oneEntity).finally(() => (answered = true));
    await time.advance(19_999);
    expect(answered).toBe(false);
    await time.advance(1);

    expect((await answering).status).toBe(201);
  });

  it("keeps the caller's ids and plays the scenario it names", async () => {
    const { alloy, time, create } = anApi();
    const body = {
      ...oneEntity,
      external_group_id: "acct-9",
      external_application_id: "app-9",
      application_meta: { scenario: "denied" },
    };

    const { json } = await create(body, asynchronously);
    await time.runAll();

    expect(alloy.application(json.journey_application_token)).toMatchObject({
      complete_outcome: "Denied",
      external_group_id: "acct-9",
      external_application_id: "app-9",
      _embedded: { child_entities: [{ external_entity_identifier: "person-9" }] },
    });
  });

  it.each([
    ["not json", "body"],
    [{ entities: [] }, "entities"],
    [{}, "entities"],
    [{ entities: [{}, {}] }, "entities"],
    [{ ...oneEntity, external_application_id: "a b" }, "external_application_id"],
    [{ ...oneEntity, application_meta: { scenario: "nope" } }, "application_meta.scenario"],
  ])("refuses %j", async (body, field) => {
    const { create } = anApi();

    const { status, json } = await create(body);

    expect(status).toBe(400);
    expect(comparable(json)).toEqual(comparable(fixture("errors/400-4002.json")));
    expect(Object.keys(json.error.details)).toEqual([field]);
  });

  it("does not know an unknown Journey", async () => {
    const { call } = anApi();

    const { status, json } = await call("POST", "/v1/journeys/J-none/applications", {
      body: oneEntity,
    });

    expect([status, json.error.details]).toEqual([404, { journey_token: "J-none" }]);
  });
});

it("Rerun opens a new application and tells the old one", async () => {
  const { submit, time, call, get } = anApi();
  const token = submit("denied");
  await time.runAll();

  const answering = call("POST", `${ALL}/${token}/rerun`);
  await time.runAll();
  const { status, json } = await answering;

  expect(status).toBe(201);
  expect(json).toMatchObject({ is_rerun: true, _embedded: { rerun: { initiated_by: "api" } } });
  const original = (await get(token)).json;
  expect(original._embedded.reruns[0].next_journey_application_token).toBe(
    json.journey_application_token,
  );
  expect(original._embedded.events.at(-1)).toMatchObject({
    type: "started_rerun_application",
    rerun_journey_application_token: json.journey_application_token,
  });
});

describe("credentials", () => {
  it.each([
    ["none", undefined],
    ["a wrong secret", basic("key:wrong")],
    ["a wrong key", basic("other:secret")],
    ["no colon", basic("key")],
    ["an unknown bearer token", "Bearer nobody"],
    ["another scheme", "Digest x"],
  ])("answers 401 with minor code 4011 to %s", async (_what, authorization) => {
    const { get } = anApi();

    const { status, json } = await get("JA-x", { authorization });

    expect(status).toBe(401);
    expect(comparable(json)).toEqual(comparable(fixture("errors/401-4011.json")));
  });

  it("accepts every live secret of the key", async () => {
    const { get } = anApi();

    const { status } = await get("JA-x", { authorization: basic("key:second-secret") });

    expect(status).toBe(404);
  });

  it("gives a bearer token that lives an hour, and says 4012 when it is over", async () => {
    const { time, get, bearer } = anApi();
    const granted = await bearer();
    const headers = { authorization: `Bearer ${granted.json.access_token}` };

    await time.advance(3_599_999);
    const before = await get("JA-x", headers);
    await time.advance(1);
    const after = await get("JA-x", headers);

    expect(fieldsOf(granted.json)).toEqual(fieldsOf(fixture("oauth-bearer.json")));
    expect(granted.json).toMatchObject({ token_type: "bearer", expires_in: 3600 });
    expect(before.status).toBe(404);
    expect(after.status).toBe(401);
    expect(comparable(after.json)).toEqual(comparable(fixture("errors/401-4012.json")));
  });

  it("lets all bearer tokens expire on demand, and new ones live", async () => {
    const { api, get, bearer } = anApi();
    const fetch = async () => ({
      authorization: `Bearer ${(await bearer()).json.access_token}`,
    });
    const old = await fetch();

    api.expireBearers();

    expect((await get("JA-x", old)).json.error.minor_code).toBe(4012);
    expect((await get("JA-x", await fetch())).status).toBe(404);
  });

  it("answers credentials in the body in the other shape", async () => {
    const { time, bearer } = anApi();

    const { status, json } = await bearer(
      {},
      { application_token: "key", application_secret: "secret" },
    );

    expect(status).toBe(200);
    expect(json).toEqual({
      bearer_token: expect.any(String),
      expires: time.now() + 3_600_000,
    });
  });

  it("refuses a bearer token with an error that holds nothing else", async () => {
    const { bearer } = anApi();

    const { status, json } = await bearer({ authorization: basic("key:wrong") });

    expect(status).toBe(401);
    expect(comparable(json)).toEqual(comparable(fixture("errors/oauth-401-4011.json")));
    expect(Object.keys(json)).toEqual(["error"]);
  });
});

describe("faults", () => {
  it.each([
    ["error", 500, "errors/500-5000.json"],
    ["unavailable", 503, "errors/503.json"],
    ["unauthorized", 401, "errors/401-4011.json"],
  ] as const)("%s answers %i", async (kind, expected, name) => {
    const { faults, get } = anApi();
    faults.set({ kind });

    const { status, json } = await get();

    expect(status).toBe(expected);
    expect(comparable(json)).toEqual(comparable(fixture(name)));
  });

  it("garbage answers 200 with what is not JSON, hang does not answer", async () => {
    const { api, faults } = anApi();
    const request = {
      method: "GET",
      path: `${ALL}/JA-x`,
      query: new URLSearchParams(),
      headers: { authorization: GOOD },
      body: "",
    };

    faults.set({ kind: "garbage" });
    const garbage = await api.answer(request);
    faults.set({ kind: "hang" });
    const hanging = await api.answer(request);

    expect(garbage?.status).toBe(200);
    expect(() => JSON.parse(garbage?.body ?? "{}")).toThrow(SyntaxError);
    expect(hanging).toBeNull();
    expect(api.calls.map(({ status }) => status)).toEqual([200, 0]);
  });

  it("limits the rate by window, and says until when", async () => {
    const { faults, time, get } = anApi();
    const begun = time.now();
    faults.set({ kind: "rate-limit", limit: 2, windowSeconds: 30 });

    const statuses = [];
    for (let each = 0; each < 3; each += 1) {
      statuses.push((await get()).status);
      await time.advance(5_000);
    }
    const limited = await get();
    await time.advance(15_000);
    const later = await get();

    expect(statuses).toEqual([404, 404, 429]);
    expect(comparable(limited.json)).toEqual(comparable(fixture("errors/429-4033.json")));
    expect(limited.headers).toMatchObject({
      "alloy-ratelimit-limit": "2",
      "alloy-ratelimit-remaining": "0",
      "alloy-ratelimit-reset": String(begun / 1_000 + 30),
      "retry-after": "15",
    });
    expect(later.status).toBe(404);
  });

  it.each<ApiFault>([
    { kind: "error", calls: 2 },
    { kind: "rate-limit", limit: 0, windowSeconds: 60, calls: 2 },
  ])("%o is over after the calls it was set for", async (fault) => {
    const { faults, get } = anApi();
    faults.set(fault);

    const statuses = [await get(), await get(), await get()].map(({ status }) => status);

    expect(statuses.slice(0, 2)).not.toContain(404);
    expect(statuses[2]).toBe(404);
    expect(faults.current()).toEqual({ kind: "none" });
  });
});
