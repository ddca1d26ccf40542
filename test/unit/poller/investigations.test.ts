import { describe, expect, test } from "vitest";

import type { Envelope } from "../../../lambdas/domain/event/envelope.ts";
import { parseInvestigationEvent } from "../../../lambdas/domain/event/investigation-event.ts";
import { parseInvestigationPage } from "../../../lambdas/domain/reconciliation/investigation-list.ts";
import type { AlloyListAnswer } from "../../../lambdas/domain/polling/polling-ports.ts";
import { METRICS } from "../../../lambdas/settings/metrics.ts";
import { withMethods } from "../../../tools/cloud-in-memory/faults.ts";
import { MemoryInvestigations } from "../../../tools/cloud-in-memory/investigations.ts";
import {
  anInvestigationEvent,
  investigationListOf,
  listedInvestigation,
} from "../../support/investigations.ts";
import {
  aPoller,
  aPollerOf,
  failureOf,
  HOUR,
  MINUTE,
  START,
  withRecorded,
} from "../../support/poller.ts";
import { alloyAnswer } from "../../../tools/cloud-in-memory/builders.ts";
import { POLLER_SETTINGS } from "../../../tools/cloud-in-memory/runtime.ts";
import { aJourneyEvent } from "../../support/journey-event.ts";

const REFUSED: AlloyListAnswer = { kind: "failed", cause: "refused", retryAfterMs: null };
const SERVER_ERROR: AlloyListAnswer = {
  kind: "failed",
  cause: "server-error",
  retryAfterMs: null,
};

/** A list of Investigations, that moved last first, in pages of so many. */
function pagesOf(elements: readonly Readonly<Record<string, unknown>>[], size = 100) {
  const asked: number[] = [];
  const list = async (page: number): Promise<AlloyListAnswer> => {
    asked.push(page);
    const pages = Math.max(1, Math.ceil(elements.length / size));
    const body = investigationListOf(elements.slice((page - 1) * size, page * size), {
      page,
      pages,
    });
    const parsed = parseInvestigationPage(body, page);
    if (parsed === null) throw new Error("no page");
    return { kind: "investigations", page: parsed };
  };
  return { asked, list };
}

function listedAt(at: number, changes: Readonly<Record<string, unknown>> = {}) {
  const iso = new Date(at).toISOString();
  return listedInvestigation({ created_at: iso, updated_at: iso, ...changes });
}

/** A poller that reads this list, at this time. */
function poller(
  elements: readonly Readonly<Record<string, unknown>>[] | ReturnType<typeof pagesOf>["list"],
  now: number,
  investigations = new MemoryInvestigations(),
  options: Partial<Parameters<typeof aPoller>[1]> = {},
) {
  return aPoller(new Map(), {
    answer: () => alloyAnswer("JA-1", []),
    changes: { investigations: true },
    list: typeof elements === "function" ? elements : pagesOf(elements).list,
    now,
    investigations,
    delivery: { minutes: [], oldestQueuedAt: null, queued: 0 },
    ...options,
  });
}

const idOf = ({ body }: Envelope) => parseInvestigationEvent(body ?? "")?.event.eventId;

/** As after a first run at `START`. */
async function begun(): Promise<MemoryInvestigations> {
  const investigations = new MemoryInvestigations();
  await investigations.keepCursor({ since: START, readTo: START, rest: null });
  return investigations;
}

describe("an Investigation of which no webhook came", () => {
  const lost = [listedAt(START + HOUR)];
  const created = anInvestigationEvent({ at: START + HOUR });

  test("is healed under the id that its webhook would have had, with a gap at its stage", async () => {
    const { run, sent, investigationNotices, metric } = poller(
      lost,
      START + 2 * HOUR,
      await begun(),
    );

    await run();

    expect(sent).toMatchObject([{ kind: "poll" }]);
    const healed = parseInvestigationEvent(sent[0]?.body ?? "");
    expect(healed?.event).toMatchObject({
      eventId: created.eventId,
      status: "created",
      type: "Fraud",
      entityTokens: ["P-1"],
    });
    expect(investigationNotices).toMatchObject([
      { change: "opened", stage: "not-delivered", investigationToken: "INV-1", eventCount: 1 },
    ]);
    expect(metric(METRICS.deliveryGaps)).toBe(1);
    expect(metric(METRICS.deliveryGaps, "not-delivered")).toBe(1);
    expect(metric(METRICS.eventsMissing)).toBe(1);
  });

  test("closes its gap when it has been told of, though it is on no page any more", async () => {
    const investigations = await begun();
    await poller(lost, START + 2 * HOUR, investigations).run();
    await investigations.join(created, "poll");

    const { run, investigationNotices, sent, metric } = poller(
      [],
      START + 3 * HOUR,
      investigations,
    );
    await run();

    expect(investigationNotices).toMatchObject([{ change: "closed", investigationToken: "INV-1" }]);
    expect([sent, metric(METRICS.deliveryGaps)]).toEqual([[], undefined]);
    expect(await investigations.openGaps()).toEqual([]);
  });

  test("is queued again as long as nobody has told of it, though it is on no page any more", async () => {
    const investigations = await begun();
    const first = poller(lost, START + 2 * HOUR, investigations);
    const second = poller([], START + 3 * HOUR, investigations);

    await first.run();
    await second.run();

    expect(second.sent.map(idOf)).toEqual(first.sent.map(idOf));
    expect(second.investigationNotices).toEqual([]);
  });

  test("is a person's when it rests in the dead-letter queue, and is tried again after a day", async () => {
    const investigations = await begun();
    const failure = failureOf({ ...created, type: "created" }, { failedAt: START + HOUR });
    await investigations.recordFailure({ ...failure, investigationToken: "INV-1" });
    const first = poller(lost, START + 2 * HOUR, investigations);
    const later = poller(lost, START + 26 * HOUR, investigations);

    await first.run();
    await later.run();

    expect(first.sent).toEqual([]);
    expect(first.investigationNotices).toMatchObject([{ stage: "dead-lettered" }]);
    expect(later.sent).toHaveLength(1);
  });

  test("is told of by the next run when the bus took no notice of its gap", async () => {
    const investigations = await begun();
    const out = { isBusOut: () => true };
    const first = poller(lost, START + 2 * HOUR, investigations, out);
    const second = poller(lost, START + 2 * HOUR, investigations);

    await first.run();
    await second.run();

    expect(first.sent).toHaveLength(1);
    expect(second.investigationNotices).toMatchObject([{ change: "opened" }]);
  });
});

describe("the reading of the list", () => {
  test("takes what was before the first run for history", async () => {
    const investigations = new MemoryInvestigations();
    const first = poller([listedAt(START - HOUR)], START, investigations);
    await first.run();

    expect([first.sent, first.investigationNotices]).toEqual([[], []]);
    expect(await investigations.cursor()).toEqual({ since: START, readTo: START, rest: null });
  });

  test("heals what was lost while the first runs got no answer from Alloy", async () => {
    const investigations = new MemoryInvestigations();
    await poller(async () => REFUSED, START, investigations).run();

    const { run, sent } = poller([listedAt(START + HOUR)], START + 2 * HOUR, investigations);
    await run();

    expect(sent).toMatchObject([{ kind: "poll" }]);
    expect(await investigations.cursor()).toMatchObject({ since: START });
  });

  test("asks for one page when nothing has moved", async () => {
    const elements = Array.from({ length: 950 }, (_, index) =>
      listedAt(START - HOUR - index, { investigation_token: `INV-${index}` }),
    );
    const { list, asked } = pagesOf(elements);
    await poller(list, START + HOUR, await begun()).run();

    expect(asked).toEqual([1]);
  });

  test("asks for ten pages in a run at most, and for the others in the next ones", async () => {
    const elements = Array.from({ length: 2_350 }, (_, index) =>
      listedAt(START + 3 * HOUR - index, { investigation_token: `INV-${index}` }),
    );
    const { list, asked } = pagesOf(elements);
    const investigations = await begun();
    const healed = new Set<string>();
    for (const minutes of [0, 5, 10, 15, 20]) {
      const { run, sent } = poller(list, START + 4 * HOUR + minutes * MINUTE, investigations);
      await run();
      for (const { body } of sent) {
        const step = parseInvestigationEvent(body ?? "")?.event;
        if (step === undefined) throw new Error("this heals nothing");
        await investigations.join(step, "poll");
        healed.add(step.investigationToken);
      }
    }

    expect(healed.size).toBe(2_350);
    expect(asked.slice(0, 11)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 1]);
    expect((await investigations.cursor())?.rest).toBeNull();
    expect((await investigations.cursor())?.readTo).toBeGreaterThanOrEqual(START + 4 * HOUR);
    expect(asked.length).toBeLessThan(35);
  });

  test("goes on to the end where the list is in another order", async () => {
    const elements = [
      listedAt(START - HOUR, { investigation_token: "INV-old" }),
      listedAt(START + HOUR, { investigation_token: "INV-new" }),
    ];
    const { list, asked } = pagesOf(elements, 1);
    // One element is in order by itself: three of them are not.
    const mixed = pagesOf([...elements, listedAt(START - HOUR)], 3);
    await poller(list, START + 2 * HOUR, await begun()).run();
    const { run, sent } = poller(mixed.list, START + 2 * HOUR, await begun());
    await run();

    expect(asked).toEqual([1]);
    expect(sent).toHaveLength(1);
  });

  test("counts an Investigation in a state that nobody documents", async () => {
    const listed = [listedAt(START + HOUR, { state: "filing" })];
    const { run, metric } = poller(listed, START + 2 * HOUR, await begun());
    await run();

    expect(metric(METRICS.statusesUnrecognised)).toBe(1);
  });
});

describe("a list that cannot be read", () => {
  test.each([
    ["is refused", REFUSED, 1],
    ["fails", SERVER_ERROR, 2],
  ] as const)("raises the alarm of Alloy's API when it %s", async (_, answer, calls) => {
    let asked = 0;
    const investigations = await begun();
    const list = async () => {
      asked += 1;
      return answer;
    };
    const { run, metric, logs } = poller(list, START + HOUR, investigations);
    await run();

    expect(asked).toBe(calls);
    expect(metric(METRICS.investigationsUnlisted)).toBe(1);
    expect(metric(METRICS.alloyCallsFailed)).toBe(calls);
    expect(logs.map(({ code }) => code)).toContain("poller.investigations.unlisted");
    expect(await investigations.cursor()).toMatchObject({ readTo: START });
  });

  test("keeps no application from its check, and no run from going on", async () => {
    const event = aJourneyEvent({ applicationToken: "JA-1", at: START - HOUR });
    const { run, metric } = aPollerOf(withRecorded([event]), [event], {
      changes: { investigations: true },
      list: async () => REFUSED,
    });
    const report = await run();

    expect(report).toMatchObject({ checked: 1 });
    expect(metric(METRICS.runsKnowingNone)).toBeUndefined();
    expect(metric(METRICS.pollerRuns)).toBe(1);
  });

  test("is not what a whole one is", async () => {
    const { run, metric } = poller([], START + HOUR);
    await run();

    expect(metric(METRICS.investigationsUnlisted)).toBeUndefined();
  });
});

test("a stage that does not handle Investigations never asks for the list", async () => {
  const { list, asked } = pagesOf([listedAt(START + HOUR)]);
  const { run, metric } = poller(list, START + 2 * HOUR, undefined, { changes: POLLER_SETTINGS });
  await run();

  expect(asked).toEqual([]);
  expect(metric(METRICS.investigationsUnlisted)).toBeUndefined();
});

test("one that cannot be compared holds no other, and is read again", async () => {
  const investigations = await begun();
  const damaged = withMethods(investigations, {
    look: async (token) => {
      if (token === "INV-bad") throw new Error("damaged");
      return investigations.look(token);
    },
  });
  const { list } = pagesOf([
    listedAt(START + HOUR, { investigation_token: "INV-bad" }),
    listedAt(START + HOUR, { investigation_token: "INV-good" }),
  ]);
  const { run, sent, logs } = poller(list, START + 2 * HOUR, damaged);
  await run();

  expect(sent).toHaveLength(1);
  expect(logs.map(({ code }) => code)).toContain("poller.investigation.failed");
  expect(await investigations.cursor()).toMatchObject({ readTo: START });
});
