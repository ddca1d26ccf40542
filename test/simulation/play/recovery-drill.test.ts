import { readFileSync } from "node:fs";

import { beforeAll, describe, expect, test } from "vitest";

import { SUBMISSION_DETAIL_TYPE } from "../../../lambdas/settings/routes.ts";
import { parseCommand } from "../../../tools/ops/command-line.ts";
import { redrive } from "../../../tools/ops/redrive.ts";
import type { Deliveries } from "../../../tools/alloy-simulator/deliveries.ts";
import type { MemoryCloud } from "../../../tools/cloud-in-memory/cloud.ts";
import { MemorySqs } from "../../support/memory-sqs.ts";
import { aStack, KeptTerminal } from "../../support/operator.ts";
import { isEnd } from "../scenario/expectations.ts";
import { firstDifference, ledgerOf } from "./ledger.ts";
import { drillScenario } from "./drill-scenario.ts";
import { START } from "../scenario/scenario.ts";
import type { Service } from "../faults/sandbox.ts";
import { playWorld } from "./play-world.ts";
import type { Incident, WorldResult } from "./play-world.ts";
import { HOUR, MINUTE } from "../../../tools/cloud-in-memory/clock.ts";

/*
 * The drill of docs/recovery.md, in virtual time: 72 hours in which nothing of ours works, begun by a
 * bus that takes nothing, so that what had come in is dead-lettered; Alloy switches the endpoint off,
 * and goes on deciding applications. Then the page's steps, with the tool's own verbs, and nothing else.
 */

/**
 * Worlds of one or two applications each, one after the other: some before, some after the outage. More than the poller
 * checks in one run (200) have to be healed.
 */
const PARTS = 200;
/** Of those, so many are enough for an outage after which nobody does anything. */
const UNTENDED_PARTS = 60;
const BETWEEN_PARTS_MS = 26 * MINUTE;

const BUS_OUT_AT = START + 6 * HOUR;
/** The queue has given up what the bus did not take after three quarters of an hour. */
const ALL_OUT_AT = BUS_OUT_AT + 2 * HOUR;
const OUT_MS = 72 * HOUR;
const OVER_AT = BUS_OUT_AT + OUT_MS;

function isOut(service: Service, now: number): boolean {
  if (now >= OVER_AT || now < BUS_OUT_AT) return false;
  // Alloy works all the time, and so does SQS: what the functions leave in the queue is dead-lettered.
  if (service === "alloy" || service === "queue" || service === "event-source") return false;
  return service === "bus" || now >= ALL_OUT_AT;
}

/** How it stood when the outage was over, before anybody did anything. */
function damageOf({ deadLetters, applications }: MemoryCloud, deliveries: Deliveries) {
  return {
    isActive: deliveries.isActive(),
    deadLetters: deadLetters.messages().length,
    evidence: [...applications.failures.values()].map(({ reason }) => reason),
    dropped: deliveries.log.filter(({ state }) => state === "dropped").length,
    recorded: applications.events.size,
  };
}

const PAGE = readFileSync(new URL("../../../docs/recovery.md", import.meta.url), "utf8");

/** What the page has a person type, as the tool reads it. */
function commandsOfPage() {
  const lines = [...PAGE.matchAll(/^ *(npm run ops -- .+)$/gm)].map(([, line = ""]) => line);
  return lines.map((line) => {
    const args = line.replace("npm run ops -- ", "").replaceAll("…", "JA-1").split(" ");
    const command = parseCommand(args);
    if ("help" in command) throw new Error(`the page asks for help: ${line}`);
    return command;
  });
}

describe("72 hours of outage, ended by the steps of docs/recovery.md", () => {
  const scenario = drillScenario(PARTS, BETWEEN_PARTS_MS, OVER_AT);
  const terminal = new KeptTerminal();
  let damage: ReturnType<typeof damageOf>;
  let dead: number;
  let faultFree: WorldResult;
  let drill: WorldResult;
  /** The same outage, and nobody does anything after it. */
  let untended: WorldResult;

  const incident: Incident = {
    isOut,
    faultFreeAt: scenario.endAt,
    operate({ clock, cloud, onQueued }, deliveries) {
      clock.at(OVER_AT, () => {
        damage = damageOf(cloud, deliveries);
      });
      // Step 2: the switch in Alloy's settings.
      clock.at(OVER_AT + 20 * MINUTE, () => {
        deliveries.setActive(true);
      });
      // Step 3, as the page has it typed.
      clock.at(OVER_AT + 30 * MINUTE, () => {
        const typed = commandsOfPage().find(({ verb, limit }) => verb === "redrive" && !limit);
        if (typed === undefined) throw new Error("the page does not redrive");
        dead = cloud.deadLetters.messages().length;
        const sqs = new MemorySqs(cloud);
        sqs.moveTasks = [];
        const stack = aStack(sqs);
        void redrive(stack, typed, terminal, clock.now()).then(onQueued);
      });
      // Step 4 is to wait for the poller. Step 5: the onboarding service announces what it has not announced so far.
      clock.at(OVER_AT + 45 * MINUTE, () => {
        for (const { token, journeyToken, submission, createdAt } of scenario.applications) {
          if (submission !== null || createdAt < BUS_OUT_AT || createdAt >= clock.now()) continue;
          const announced = { journey_application_token: token, journey_token: journeyToken };
          cloud.bus.put("onboarding", SUBMISSION_DETAIL_TYPE, announced);
        }
        onQueued();
      });
    },
  };

  beforeAll(async () => {
    faultFree = await playWorld(scenario, { only: new Set() });
    drill = await playWorld(scenario, { only: new Set(), incident });
    untended = await playWorld(drillScenario(UNTENDED_PARTS, BETWEEN_PARTS_MS, OVER_AT), {
      only: new Set(),
      incident: { ...incident, operate() {} },
    });
  });

  test("begins with all that it is to be a drill of", () => {
    const events = scenario.events.filter(({ type }) => type !== "visited_node");
    const inOutage = events.filter(({ at }) => at >= ALL_OUT_AT && at < OVER_AT);

    expect(damage.isActive).toBe(false);
    expect(damage.deadLetters).toBeGreaterThan(100);
    // Some were still being tried when nothing could be written down any more.
    const reason = "The bus did not take the event: Publishing events failed: TransientError";
    expect(new Set(damage.evidence)).toEqual(
      new Set([reason, `given up after 6 tries: ${reason}`]),
    );
    expect(damage.dropped).toBeGreaterThan(750);
    expect(inOutage.length).toBeGreaterThan(500);
    expect(damage.recorded).toBeLessThanOrEqual(events.length - inOutage.length);
  });

  test("does not end by itself", () => {
    const tokens = untended.scenario.applications.map(({ token }) => token);
    const heard = new Set(tokens.filter((token) => faultFree.heard.has(token)));
    expect(firstDifference(ledgerOf(faultFree, heard), ledgerOf(untended, heard))).not.toBeNull();
    expect(untended.cloud.deadLetters.messages().length).toBeGreaterThan(50);
  });

  test("redrives all dead letters, by the operators' own verb", () => {
    expect(dead).toBeGreaterThanOrEqual(damage.deadLetters);
    expect(terminal.questions).toHaveLength(1);
    expect(terminal.lines.at(-1)).toBe(`Moved ${dead} messages back into the event queue.`);
    expect(drill.cloud.deadLetters.messages()).toEqual([]);
  });

  test("keeps every promise: nothing lost, nothing doubled, no status gone back, nothing stuck", () => {
    expect(faultFree.violations).toEqual([]);
    expect(drill.violations).toEqual([]);
  });

  test("comes to the ledger of the same days without a fault: events, states, effects", () => {
    const [wanted, ledger] = [ledgerOf(faultFree), ledgerOf(drill, faultFree.heard)];

    expect(wanted.length).toBeGreaterThan(500);
    expect(firstDifference(wanted, ledger)).toBeNull();
    expect(effectsOf(drill)).toEqual(effectsOf(faultFree));
  });

  test("has told downstream of everything within 2 hours of the end of the outage", () => {
    const healedAt = scenario.events
      .filter(({ at }) => at < OVER_AT)
      .flatMap((event) => drill.observer.publicationsOfEvent(event))
      .map(({ at }) => at);
    expect(Math.max(...healedAt)).toBeLessThan(OVER_AT + 2 * HOUR);
  });
});

/**
 * What was published, each effect once, whatever it was published for: by webhook or by the poller. An end may be
 * told by its event or by Alloy's answer, whichever came first; the judge holds that each is told once.
 */
function effectsOf({ scenario, observer }: WorldResult): readonly string[] {
  return scenario.events
    .filter((event) => !isEnd(event))
    .flatMap((event) => (observer.hasPublished(event) ? [event.name] : []));
}
