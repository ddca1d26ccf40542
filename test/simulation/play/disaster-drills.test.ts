import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { LambdaClient } from "@aws-sdk/client-lambda";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import type { MemoryCloud } from "../../../tools/cloud-in-memory/cloud.ts";
import { adopt } from "../../../tools/ops/adopt.ts";
import { redrive } from "../../../tools/ops/redrive.ts";
import { dynamoOver } from "../../support/cloud-dynamo.ts";
import { MemorySqs } from "../../support/memory-sqs.ts";
import { aStack, KeptTerminal } from "../../support/operator.ts";
import type { Clock } from "../../../tools/cloud-in-memory/clock.ts";
import { firstDifference, ledgerOf } from "./ledger.ts";
import { drillScenario } from "./drill-scenario.ts";
import { START } from "../scenario/scenario.ts";
import type { Service } from "../faults/sandbox.ts";
import { playWorld } from "./play-world.ts";
import type { Incident, WorldResult } from "./play-world.ts";
import { answered } from "../../../tools/cloud-in-memory/clients.ts";
import { HOUR, MINUTE } from "../../../tools/cloud-in-memory/clock.ts";

/*
 * The two ways of docs/disaster-recovery.md, in virtual time: the tables are lost, for hours nothing can be stored, and
 * then the page's steps are taken, with the tool's own verbs: `adopt` with the tokens of a core system, then `redrive`.
 */

/** Worlds of one or two applications each, one after the other. */
const PARTS = 440;
const BETWEEN_PARTS_MS = 15 * MINUTE;

const LOST_AT = START + 102 * HOUR;
const OVER_AT = LOST_AT + 4 * HOUR;

/** What is done about the tables at the moment of the loss. @returns what stands in them when they are back. */
type Disaster = (cloud: MemoryCloud, clock: Clock) => () => void;

interface Drill {
  readonly result: WorldResult;
  readonly terminal: KeptTerminal;
  readonly failure: unknown;
  /** From the end of the outage to the end of the last verb, in milliseconds. */
  readonly tookMs: number;
  /** Applications that the tables have when they are back. */
  readonly left: number;
  /** How often `adopt` read an application of the table. */
  readonly read: number;
}

const scenario = drillScenario(PARTS, BETWEEN_PARTS_MS, OVER_AT);
/** What the core system knows when the tables are back. */
const created = scenario.applications.filter(({ createdAt }) => createdAt < OVER_AT);

/** Plays the days with a disaster in them: `adopt` with every application of the core system, then `redrive`. */
async function playDisaster(prepare: Disaster, file: string): Promise<Drill> {
  const terminal = new KeptTerminal();
  let failure: unknown = null;
  let left = -1;
  let read = 0;
  let tookMs = Infinity;
  const incident: Incident = {
    isOut: (service: Service, now: number) =>
      service === "table" && now >= LOST_AT && now < OVER_AT,
    faultFreeAt: scenario.endAt,
    operate({ clock, cloud, onQueued }) {
      const comeBack = prepare(cloud, clock);
      clock.at(OVER_AT, () => {
        comeBack();
        left = cloud.applications.applications.size;
        // The schedule runs the poller; a run of the tool's own would find nothing left.
        const lambda = answered(new LambdaClient({ region: "us-east-1" }), () => ({
          Payload: nothingDue(),
        }));
        const sqs = new MemorySqs(cloud);
        sqs.moveTasks = [];
        sqs.onQueued = onQueued;
        const stack = {
          ...aStack(sqs),
          dynamo: dynamoOver(cloud, (keys) => (read += keys)),
          lambda,
        };
        const options = {
          journey: null,
          since: new Date(LOST_AT).toISOString(),
          publish: false,
          perSecond: 50,
          dryRun: false,
          yes: true,
          now: clock.now(),
          wait: clock.sleep,
        };
        const tidyUp = async () => {
          try {
            await adopt(stack, file, options, terminal);
          } catch (error) {
            failure = error;
          }
          await redrive(stack, REDRIVE_ALL, terminal, clock.now());
          tookMs = clock.now() - OVER_AT;
          onQueued();
        };
        void tidyUp();
      });
    },
  };
  const result = await playWorld(scenario, { only: new Set(), incident });
  return { result, terminal, failure, tookMs, left, read };
}

/** Every item is gone, also when the tables are back. */
const BOTH_LOST: Disaster = (cloud) => {
  const empty = cloud.applications.snapshot();
  return () => {
    empty();
    cloud.idempotency.records.clear();
  };
};

/** The application table comes back as it was five minutes before; the idempotency table was not lost. */
const RESTORED: Disaster = (cloud, clock) => {
  let restore: () => void = () => undefined;
  clock.at(LOST_AT - 5 * MINUTE, () => (restore = cloud.applications.snapshot()));
  return () => restore();
};

describe("disasters, ended by the steps of docs/disaster-recovery.md", () => {
  const folder = mkdtempSync(join(tmpdir(), "disaster-"));
  const file = join(folder, "applications.csv");
  let faultFree: WorldResult;
  beforeAll(async () => {
    const rows = created.map(({ token, journeyToken }) => `${token},${journeyToken}`);
    writeFileSync(file, ["journey_application_token,journey_token", ...rows].join("\n"));
    faultFree = await playWorld(scenario, { only: new Set() });
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  describe.each([
    {
      name: "both tables lost, rebuilt from Alloy",
      disaster: BOTH_LOST,
      least: 0,
      most: 0,
      reads: 120,
    },
    {
      name: "the table restored to a point in time",
      disaster: RESTORED,
      least: 450,
      most: 551,
      reads: 12,
    },
  ])("$name", ({ disaster, least, most, reads }) => {
    let drill: Drill;
    beforeAll(async () => {
      drill = await playDisaster(disaster, file);
    });

    test("begins with 500 applications, of which nothing is left, or what was restored", () => {
      expect(created.length).toBeGreaterThanOrEqual(500);
      expect(drill.left).toBeGreaterThanOrEqual(least);
      expect(drill.left).toBeLessThanOrEqual(most);
    });

    test("ends with all of them agreeing with Alloy, as adopt itself says", () => {
      expect(drill.failure).toBeNull();
      expect(drill.terminal.lines).toContain(
        `${created.length} of ${created.length} agree with Alloy`,
      );
    });

    test("reads what is still to be compared, and what agrees no more", () => {
      expect(drill.read).toBeLessThan(reads * created.length);
    });

    test("takes less than the two hours that the page allows for it", () => {
      expect(drill.tookMs).toBeLessThan(2 * HOUR);
    });

    test("comes to the ledger of the same days without a loss: events, states, effects", () => {
      const [wanted, ledger] = [ledgerOf(faultFree), ledgerOf(drill.result, faultFree.heard)];

      expect(wanted.length).toBeGreaterThan(1_000);
      expect(firstDifference(wanted, ledger)).toBeNull();
    });

    test("publishes nothing again that was published before the loss", () => {
      const doubled = [...drill.result.observer.publicationsOf].filter(
        ([, all]) => all.some(({ at }) => at < LOST_AT) && all.some(({ at }) => at >= LOST_AT),
      );

      expect(doubled).toEqual([]);
    });

    test("breaks no promise but by the loss itself, after which nothing newer is known", () => {
      const others = drill.result.violations.filter(({ kind }) => kind !== "regressed");

      expect(others).toEqual([]);
    });
  });
});

const REDRIVE_ALL = {
  application: null,
  event: null,
  limit: null,
  perSecond: null,
  dryRun: false,
  yes: true,
};

function nothingDue() {
  return { transformToString: () => JSON.stringify({ due: 0, left: 0 }) };
}
