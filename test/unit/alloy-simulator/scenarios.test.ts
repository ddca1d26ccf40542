import { describe, expect, it } from "vitest";

import { routeFor } from "../../../lambdas/domain/routing/route.ts";
import { parseScenario, readScenarios } from "../../../tools/alloy-simulator/scenario.ts";
import type { HeldApplication } from "../../../tools/alloy-simulator/alloy.ts";
import { aScenarioOfOneEvent, anAlloy, theScenario } from "../../support/alloy-simulator.ts";
import { asJourneyEvent, webhookWith } from "../../support/parsed-webhook.ts";

const scenarios = readScenarios();
const NAMES = [...scenarios.keys()];

/** The event as the receiver's own parser understands it. */
const readEvent = (data: unknown) => asJourneyEvent(webhookWith(data)).event;

/** Plays a scenario to its end, in virtual time. */
async function play(name: string, options: Parameters<typeof anAlloy>[0] = {}) {
  const world = anAlloy(options);
  const created: string[] = [];
  const playing = world.alloy.play(theScenario(name), (response) => {
    created.push(response.journey_application_token);
  });
  await world.time.runAll();
  const applications = await playing;
  const data = world.received.map(({ envelope }) => envelope.data);
  return {
    ...world,
    created,
    applications,
    data,
    /** What the webhooks of an application held. */
    dataOf: (application: HeldApplication | undefined) =>
      data.filter((one) => one["journey_application_token"] === application?.applicationToken),
  };
}

describe.each(NAMES)("scenario %s", (name) => {
  it("ends at Alloy as it says", async () => {
    const { applications, alloy } = await play(name);

    expect(applications.length).toBe(scenarios.get(name)?.rerun ? 2 : 1);
    for (const { applicationToken, status, outcome, expected, isAtRest } of applications) {
      expect({ status, outcome }).toEqual({ status: expected.status, outcome: expected.outcome });
      expect(isAtRest).toBe(true);
      expect(alloy.application(applicationToken)).toMatchObject({
        status: expected.status,
        complete_outcome: expected.outcome,
      });
    }
  });

  it("expects of each route the events that the receiver routes there", async () => {
    const { applications, alloy } = await play(name);

    for (const { applicationToken, expected } of applications) {
      const byRoute: Record<string, number> = {};
      for (const event of alloy.application(applicationToken)?._embedded.events ?? []) {
        const read = readEvent(event);
        if (read.type === "visited_node") continue; // Dropped by the receiver's default.
        const route = routeFor(read, {});
        byRoute[route] = (byRoute[route] ?? 0) + 1;
      }
      expect(byRoute).toEqual(expected.published);
    }
  });

  it("gives every event an identity of its own, and the same one by webhook and by Get", async () => {
    const { applications, alloy, dataOf } = await play(name, { timeScale: 1_000_000 });
    const idOf = (event: unknown) => readEvent(event).eventId;

    for (const application of applications) {
      const { applicationToken } = application;
      const listed = alloy.application(applicationToken)?._embedded.events.map(idOf) ?? [];
      const sent = dataOf(application).map(idOf);
      expect(new Set(listed).size).toBe(listed.length);
      const isLost = scenarios.get(name)?.delivery.lost;
      expect(new Set(sent)).toEqual(new Set(isLost ? [] : listed));
    }
  });

  it("lists events in the order of their times, from started_application on", async () => {
    const { applications, alloy } = await play(name);

    for (const { applicationToken } of applications) {
      const events = alloy.application(applicationToken)?._embedded.events ?? [];
      const times = events.map((event) => Number(event["timestamp"]));
      expect(times).toEqual(times.toSorted((a, b) => a - b));
      expect(events[0]?.["type"]).toBe("started_application");
    }
  });

  it("plays within five real seconds at a time scale of 600", async () => {
    const world = anAlloy({ timeScale: 600 });
    const begun = world.time.now();

    void world.alloy.play(theScenario(name));
    await world.time.runAll();

    expect(world.time.now() - begun).toBeLessThan(5_000);
  });
});

describe("what single scenarios are there for", () => {
  it("covers every case that the receiver has to survive", () => {
    expect(NAMES).toEqual([
      "all-webhooks-lost",
      "approved-at-once",
      "denied",
      "every-webhook-three-times",
      "manual-review-then-approved",
      "rerun-of-completed",
      "step-up-then-approved",
      "two-entities",
      "vendor-error",
      "webhooks-in-reverse-order",
    ]);
  });

  it("delivers each webhook three times, in other bytes each time", async () => {
    const { applications, received } = await play("every-webhook-three-times");

    expect(received).toHaveLength(3 * (applications[0]?.eventTypes.length ?? 0));
    expect(new Set(received.map(({ body }) => body)).size).toBe(received.length);
    const inFirstOrder = received.filter(({ body }) => body.startsWith(`{"request_token"`));
    expect(inFirstOrder).toHaveLength(applications[0]?.eventTypes.length ?? 0);
  });

  it("delivers the last event first, and the first last", async () => {
    const { applications, data } = await play("webhooks-in-reverse-order");

    expect(data.map(({ type }) => type)).toEqual(applications[0]?.eventTypes.toReversed());
  });

  it("loses every webhook, and Get knows all of it", async () => {
    const { applications, alloy, received } = await play("all-webhooks-lost");

    expect(received).toEqual([]);
    expect(alloy.deliveries.log.every(({ state }) => state === "withheld")).toBe(true);
    expect(applications[0]?.eventTypes.at(-1)).toBe("completed_application");
  });

  it("ends a vendor's error without completed_application and without an outcome", async () => {
    const { applications, data } = await play("vendor-error");

    expect(applications[0]?.eventTypes).not.toContain("completed_application");
    expect(data.at(-1)).toMatchObject({
      type: "error",
      error_data: { status_code: 500, error: { minor_code: 5000 } },
    });
    expect(data.at(-1)).not.toHaveProperty("outcome");
  });

  it("chains a rerun to its original, whose client hears of it from the original's event alone", async () => {
    const { applications, alloy, created, data } = await play("rerun-of-completed");
    const [original, rerun] = applications.map(({ applicationToken }) => applicationToken);

    expect(created).toEqual([original]);
    expect(data.find(({ type }) => type === "started_rerun_application")).toMatchObject({
      journey_application_token: original,
      rerun_journey_application_token: rerun,
    });
    expect(alloy.application(original ?? "")?._embedded["reruns"]).toMatchObject([
      { initiated_by: "dashboard", next_journey_application_token: rerun },
    ]);
    expect(alloy.application(rerun ?? "")).toMatchObject({
      is_rerun: true,
      external_group_id: null,
      _embedded: {
        rerun: {
          initiated_by: "dashboard",
          previous_journey_application_token: original,
          root_journey_application_token: original,
          root_external_group_id: alloy.application(original ?? "")?.["external_group_id"],
        },
      },
    });
  });

  it("tells previous and root of a rerun's rerun", async () => {
    const { alloy, time, submit } = anAlloy();
    const root = submit(aScenarioOfOneEvent());
    await time.runAll();

    const second = alloy.rerun(root)?.journey_application_token ?? "";
    const third = alloy.rerun(second)?.journey_application_token ?? "";

    const announced = (token: string) =>
      alloy
        .application(token)
        ?._embedded.events.map((event) => event["rerun_journey_application_token"])
        .filter((named) => named !== undefined);
    expect(announced(root)).toEqual([second, third]);
    expect(announced(second)).toEqual([third]);
    expect(alloy.application(third)?._embedded["rerun"]).toMatchObject({
      previous_journey_application_token: second,
      root_journey_application_token: root,
    });
  });

  it("keeps the statuses of two entities apart", async () => {
    const { alloy, time, submit } = anAlloy();
    const token = submit("two-entities");

    await time.advance(10_000);

    expect(alloy.application(token)).toMatchObject({
      status: "pending_workflow_service",
      _embedded: {
        entity_applications: [
          { entity_application_status: "completed", entity_application_outcome: "Approved" },
          { entity_application_status: "pending_workflow_service" },
        ],
      },
    });
  });
});

describe("whom an event names", () => {
  it("names the applicant on entity level, and nobody on application level", async () => {
    const { data } = await play("approved-at-once");

    const named = data.map((one) => [
      one.type,
      one.entity_token?.slice(0, 2) ?? null,
      one["entity_application_token"] === null ? null : "EA",
    ]);
    expect(named).toEqual([
      ["started_application", null, null],
      ["started_evaluation", "P-", "EA"],
      ["completed_evaluation", "P-", "EA"],
      // As in the API's own example: the only applicant, without its entity application.
      ["completed_application", "P-", null],
    ]);
  });

  it("names the group on application level, where there are several applicants", async () => {
    const { data } = await play("two-entities");

    const named = data
      .filter((one) => one["entity_application_token"] === null)
      .map((one) => one.entity_token?.slice(0, 2));
    expect(named).toEqual(["G-", "G-", "G-", "G-"]);
  });

  it("carries evaluation, node and links as documented", async () => {
    const { data } = await play("approved-at-once");

    const [, started, completed, decided] = data;
    expect(started).toMatchObject({
      evaluation_token: expect.stringMatching(/^S-/),
      _embedded: { node: { type: "workflow", id: expect.any(String) } },
      _links: { evaluation: { href: expect.stringMatching(/^\/v1\/evaluations\/S-/) } },
    });
    expect(completed?.["evaluation_token"]).toBe(started?.["evaluation_token"]);
    expect(decided).toMatchObject({
      outcome: "Approved",
      _embedded: { node: { type: "outcome" } },
    });
    expect(decided).not.toHaveProperty("evaluation_token");
  });

  it("moves two events that would be one on by a millisecond", async () => {
    const { alloy, time, submit } = anAlloy();
    const token = submit("approved-at-once");
    await time.advance(0);

    alloy.raise(token, { event: "visited_node", entity: "applicant", node: "start" });
    alloy.raise(token, { event: "visited_node", entity: "applicant", node: "identity" });

    alloy.raise(token, { event: "application_archived" });

    const begun = time.now();
    const times = alloy.application(token)?._embedded.events.map((event) => event["timestamp"]);
    // The archiving is another event, but it did not happen before what came before it.
    expect(times).toEqual([begun, begun, begun + 1, begun + 1]);
  });
});

describe("a scenario file that is wrong", () => {
  const good = () => structuredClone<Record<string, unknown>>(theScenario("approved-at-once"));
  const step = { afterSeconds: 1, event: "pending_review", entity: "applicant" };

  it.each([
    [{ journey: "J-none" }, /journey "J-none" is none of J-sim/],
    [{ surprise: 1 }, /surprise/],
    [{ steps: [{ ...step, entity: "nobody" }] }, /entity "nobody" is none of applicant/],
    [{ steps: [{ ...step, node: "nowhere" }] }, /node "nowhere" is none of start, identity/],
    [{ steps: [{ ...step, entity: undefined }] }, /speaks of one applicant/],
    [{ steps: [{ ...step, event: "started_application" }] }, /has no entity/],
    [{ steps: [{ ...step, outcome: "Approved" }] }, /"pending_review" carries no outcome/],
    [{ steps: [{ ...step, status: "waiting_review" }] }, /ends in status "waiting_review"/],
    [{ steps: [{ ...step, status: "completed" }] }, /wants a completed_application exactly when/],
    [{ delivery: { order: "sideways" } }, /delivery\.order/],
  ])("%o is refused with its reason", (change, reason) => {
    expect(() => parseScenario({ ...good(), ...change }, "x.json")).toThrow(reason);
  });

  it("may hold an event type that Alloy has not documented", () => {
    const scenario = {
      ...aScenarioOfOneEvent(),
      steps: [{ afterSeconds: 0, event: "reached_tomorrow_node", status: "running" }],
    };

    expect(parseScenario(scenario, "x.json").steps[0]?.event).toBe("reached_tomorrow_node");
  });
});
