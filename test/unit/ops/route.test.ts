import { describe, expect, it } from "vitest";
import { REPLAY_SOURCE, ROUTE_TITLES } from "../../../lambdas/settings/routes.ts";
import { redriveTarget } from "../../../tools/ops/redrive-target.ts";
import { route } from "../../../tools/ops/route.ts";
import { withTargets } from "../../../tools/template/variants.ts";
import { cloudFormationOf } from "../../support/cloud-formation.ts";
import { memoryEvents } from "../../support/memory-events.ts";
import { MemorySqs } from "../../support/memory-sqs.ts";
import { aStack, KeptTerminal } from "../../support/operator.ts";
import { templateOf } from "../../support/template.ts";

const NOW = Date.parse("2026-11-26T22:00:00.000Z");
const STACK = "AlloyJourneyWebhooks-production";
const APPROVED = `${STACK}-approved`;

/** Few targets, so that each call can be written down. */
const template = templateOf({
  ...withTargets,
  routes: {
    ...withTargets.routes,
    approved: {
      ...withTargets.routes.approved,
      targetArn: null,
      targets: (withTargets.routes.approved.targets ?? []).filter(({ name }) =>
        ["ledger", "core-banking"].includes(name),
      ),
    },
  },
});

function anEvent(eventId: string, type: string = ROUTE_TITLES.approved): string {
  return JSON.stringify({
    version: "0",
    id: `bus-${eventId}`,
    source: "alloy.journeys",
    "detail-type": type,
    detail: { version: 1, eventId, applicationToken: `JA-${eventId}` },
  });
}

/** The stack of the template, a minute that is waited in no time, and everything that was called. */
function world() {
  const sqs = new MemorySqs();
  const events = memoryEvents();
  const waited: number[] = [];
  const stack = {
    ...aStack(sqs),
    stackName: STACK,
    events: events.client,
    cloudFormation: cloudFormationOf(template),
  };
  const terminal = new KeptTerminal();
  const wait = async (ms: number) => {
    events.calls.push("wait");
    waited.push(ms);
  };
  const run = (action: string, second = "approved", yes = true) =>
    route(stack, action, { second, yes, now: NOW, wait }, terminal);
  return { sqs, events, stack, terminal, waited, run };
}

const LIVE = ["", "-core-banking", "-ledger"].map((name) => `${APPROVED}${name}`);

describe("route pause", () => {
  it("turns on what keeps, waits until it does, and only then turns off the targets", async () => {
    const { events, run, waited, terminal } = world();

    await run("pause");

    const [first, second, ...rest] = events.calls;
    expect([first, second]).toEqual([`EnableRule ${APPROVED}-hold`, "wait"]);
    expect(rest.toSorted()).toEqual(LIVE.map((rule) => `DisableRule ${rule}`));
    expect(waited).toEqual([60_000]);
    expect(terminal.lines.at(-1)).toBe(
      "The route approved is paused. Its events are kept for 14 days. To resume it: npm run ops -- route resume approved",
    );
  });

  it("turns no target off when a deployment has turned off what keeps", async () => {
    const { events, run } = world();
    events.hooks.onCall = (call) => {
      if (call.startsWith("DescribeRule") && call.endsWith("-hold")) {
        events.states.set(`${APPROVED}-hold`, "DISABLED");
      }
    };

    await expect(run("pause")).rejects.toThrow(/is off again, so the route was not paused/);

    expect(events.calls.filter((call) => call.startsWith("DisableRule"))).toEqual([]);
  });

  it("keeps every event when it breaks off at any of its calls, and does its work when run again", async () => {
    for (let failing = 0; failing < 20; failing += 1) {
      const { events, run } = world();
      let calls = 0;
      events.hooks.onCall = () => {
        if (calls++ === failing) throw new Error("throttled");
        const isKept = events.states.get(`${APPROVED}-hold`) === "ENABLED";
        const isDelivered = LIVE.every((rule) => events.states.get(rule) !== "DISABLED");
        expect(isKept || isDelivered).toBe(true);
      };
      await run("pause").catch(() => undefined);
      events.hooks.onCall = () => undefined;
      await run("pause");
      expect(LIVE.map((rule) => events.states.get(rule))).toEqual(LIVE.map(() => "DISABLED"));
      expect(events.states.get(`${APPROVED}-hold`)).toBe("ENABLED");
    }
  });

  it("asks first, and does nothing without a yes", async () => {
    const { events, run, terminal } = world();
    terminal.answer = "no";

    await expect(run("pause", "approved", false)).rejects.toThrow("The route was not paused.");

    expect(events.calls).toEqual([]);
    expect(terminal.questions).toEqual([
      `Pause the route approved of ${STACK}? Its targets (ledger, core-banking, queue) receive nothing until you resume it.`,
    ]);
  });

  it.each([
    ["denied", /The route denied has no list of targets, so it has no rule that keeps its events/],
    ["approvd", /There is no route "approvd"/],
    ["", /Name the route/],
  ])("of %j says why not", async (name, sentence) => {
    await expect(world().run("pause", name)).rejects.toThrow(sentence);
  });
});

describe("route resume", () => {
  it("turns on the targets, waits, turns off what keeps, and delivers each held event to each target, marked", async () => {
    const { events, run, sqs, terminal } = world();
    await run("pause");
    sqs.put("HeldEventQueue", anEvent("1"));
    sqs.put("HeldEventQueue", anEvent("2", ROUTE_TITLES["needs-action"]));
    events.calls.length = 0;

    await run("resume");

    expect(events.calls.slice(0, 3).toSorted()).toEqual(LIVE.map((rule) => `EnableRule ${rule}`));
    expect(events.calls.slice(3)).toEqual([
      "wait",
      `DisableRule ${APPROVED}-hold`,
      "wait",
      "PutEvents approved/ledger",
      "PutEvents approved/core-banking",
      "PutEvents approved/queue",
    ]);
    expect(events.put[0]?.detail).toMatchObject({
      source: "alloy.journeys",
      "detail-type": ROUTE_TITLES.approved,
      detail: {
        eventId: "1",
        replay: { reason: "resume", at: "2026-11-26T22:00:00.000Z" },
      },
    });
    // The event of another route that is paused stays.
    expect(sqs.all("HeldEventQueue")).toEqual([anEvent("2", ROUTE_TITLES["needs-action"])]);
    expect(terminal.lines.at(-1)).toBe(
      "The route approved is resumed. 1 message of the pause went to each of its targets (ledger, core-banking, queue).",
    );
  });

  it("keeps a held event that the bus does not take, and delivers it when run again", async () => {
    const { events, run, sqs } = world();
    sqs.put("HeldEventQueue", anEvent("1"));
    let puts = 0;
    events.hooks.onCall = (call) => {
      if (call.startsWith("PutEvents") && ++puts === 2) throw new Error("throttled");
    };

    await expect(run("resume")).rejects.toThrow(/then it stopped \(throttled\)/);
    expect(sqs.all("HeldEventQueue")).toHaveLength(1);
    await run("resume");

    expect(sqs.all("HeldEventQueue")).toEqual([]);
    expect(new Set(events.put.map(({ type }) => type)).size).toBe(3);
  });
});

it.each([
  [["ENABLED", "DISABLED"], "approved: active"],
  [["DISABLED", "ENABLED"], "approved: paused"],
  [["DISABLED", "DISABLED"], "LOST"],
])("route status with targets and hold %j says %s", async ([live, hold], said) => {
  const { events, run, terminal } = world();
  for (const rule of LIVE) events.states.set(rule, live ?? "");
  events.states.set(`${APPROVED}-hold`, hold ?? "");

  await run("status");

  expect(terminal.text).toContain(said);
});

describe("redrive --target", () => {
  const OWN = { application: null, event: null, limit: null, dryRun: false, yes: true };
  const failedAt = (rule: string, sqs: MemorySqs, body: string) =>
    sqs.put("ApprovedDeadLetterQueue", body, {
      sentAt: NOW - 1,
      attributes: {
        RULE_ARN: `arn:aws:events:us-east-1:123456789012:rule/${STACK}/${rule}`,
        TARGET_ARN: `arn:aws:sqs:us-east-1:123456789012:${STACK}-ApprovedQueue-0123`,
      },
    });

  it("delivers the dead letters of that target to it alone, and leaves those of the others", async () => {
    const { events, stack, sqs, terminal } = world();
    failedAt(`${APPROVED}-ledger`, sqs, anEvent("1"));
    failedAt(`${APPROVED}-core-banking`, sqs, anEvent("2"));
    failedAt(APPROVED, sqs, anEvent("3"));

    await redriveTarget(stack, "approved/ledger", OWN, terminal, NOW);

    expect(events.put).toMatchObject([
      {
        type: "approved/ledger",
        detail: { detail: { eventId: "1", replay: { reason: "redrive" } } },
      },
    ]);
    expect(sqs.all("ApprovedDeadLetterQueue")).toEqual([anEvent("2"), anEvent("3")]);
    expect(terminal.lines).toEqual([
      "Delivered 1 message to approved/ledger again.",
      "2 messages of other targets of the route stayed.",
    ]);
  });

  it("delivers a redrive that failed once more, as the event that it was", async () => {
    const { events, stack, sqs, terminal } = world();
    const again = { source: REPLAY_SOURCE, "detail-type": "approved/ledger" };
    const body = JSON.stringify({ ...again, detail: JSON.parse(anEvent("1")) });
    failedAt(`${APPROVED}-ledger-replay`, sqs, body);

    await redriveTarget(stack, "approved/ledger", OWN, terminal, NOW);

    expect(events.put).toMatchObject([
      { detail: { source: "alloy.journeys", detail: { eventId: "1" } } },
    ]);
    expect(sqs.all("ApprovedDeadLetterQueue")).toEqual([]);
  });

  it("knows what the reader of the route's own queue has failed on", async () => {
    const { events, stack, sqs, terminal } = world();
    sqs.put("ApprovedDeadLetterQueue", anEvent("1"), { sentAt: NOW - 1, movedBySqs: true });
    failedAt(APPROVED, sqs, anEvent("2"));

    await redriveTarget(stack, "approved/queue", OWN, terminal, NOW);

    expect(events.put.map(({ type }) => type)).toEqual(["approved/queue", "approved/queue"]);
  });

  it("keeps a dead letter that the bus does not take", async () => {
    const { events, stack, sqs, terminal } = world();
    failedAt(`${APPROVED}-ledger`, sqs, anEvent("1"));
    events.hooks.onCall = (call) => {
      if (call.startsWith("PutEvents")) throw new Error("throttled");
    };

    await expect(redriveTarget(stack, "approved/ledger", OWN, terminal, NOW)).rejects.toThrow(
      "The redrive stopped after 0 messages (throttled).",
    );

    expect(sqs.all("ApprovedDeadLetterQueue")).toHaveLength(1);
  });

  it("prints in a dry run what it would deliver, and delivers nothing", async () => {
    const { events, stack, sqs, terminal } = world();
    failedAt(`${APPROVED}-ledger`, sqs, anEvent("1"));

    await redriveTarget(stack, "approved/ledger", { ...OWN, dryRun: true }, terminal, NOW);

    expect(events.put).toEqual([]);
    expect(sqs.all("ApprovedDeadLetterQueue")).toHaveLength(1);
    expect(terminal.lines.at(-1)).toBe(
      "Dry run: 1 message would be delivered to approved/ledger again. No message was moved.",
    );
  });

  it.each(["approved", "approved/legder"])("names the targets when %s is none", async (named) => {
    const { stack, terminal } = world();

    await expect(redriveTarget(stack, named, OWN, terminal, NOW)).rejects.toThrow(
      /It has ledger, core-banking, queue: write --target approved\/ledger/,
    );
  });
});
