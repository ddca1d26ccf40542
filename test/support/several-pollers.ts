import { stateOfEvent } from "../../lambdas/domain/application/observation.ts";
import type { DueApplications } from "../../lambdas/domain/polling/polling-ports.ts";
import { makePollerHandler } from "../../lambdas/poller/handler.ts";
import { METRICS } from "../../lambdas/settings/metrics.ts";
import type { PollingSettings } from "../../lambdas/settings/poller-settings.ts";
import { MemoryApplicationTable } from "../../tools/cloud-in-memory/application-table.ts";
import { alloyAnswer, refuseList } from "../../tools/cloud-in-memory/builders.ts";
import { Clock } from "../../tools/cloud-in-memory/clock.ts";
import { POLLER_SETTINGS, pollerOver, UNCOUNTED } from "../../tools/cloud-in-memory/runtime.ts";
import { aJourneyEvent } from "./journey-event.ts";
import { anEventRecord } from "./records.ts";

const START = 1_760_000_000_000;
const HOUR = 3_600_000;
/** What one call to Alloy takes. */
const CALL_MS = 200;

/**
 * Lets pollers run at the same time, in virtual time, over so many applications that are due.
 *
 * @param options.run - the numbers of those that run; null: one that is invoked without a number. @default - all of them
 * @param options.overdueMs - since when the applications are due.
 * @param options.applications - what the pollers have in place of the table.
 */
export async function playPollers(
  count: number,
  polling: Partial<PollingSettings>,
  options: {
    readonly run?: readonly (number | null)[];
    readonly overdueMs?: number;
    readonly applications?: (right: DueApplications) => DueApplications;
  } = {},
) {
  const clock = new Clock(START);
  const table = new MemoryApplicationTable();
  const tokens = Array.from(
    { length: count },
    (_, index) => `JA-${String(index).padStart(5, "0")}`,
  );
  const eventOf = (applicationToken: string) =>
    aJourneyEvent({ applicationToken, at: START - HOUR });
  const dueAt = START - (options.overdueMs ?? 0);
  for (const token of tokens) {
    const event = eventOf(token);
    await table.recordEvent(anEventRecord(event, { receivedAt: event.at + 500 }));
    await table.mergeState(stateOfEvent(event), { dueAt, when: "first" });
  }
  const calls: { readonly applicationToken: string; readonly at: number }[] = [];
  const counted: string[] = [];
  const behind: number[] = [];
  let [running, atOnce] = [0, 0];
  // Each poller has a process of its own.
  const poller = () =>
    makePollerHandler(
      pollerOver({
        applications: options.applications?.(table) ?? table,
        alloy: {
          async getApplication({ applicationToken }) {
            calls.push({ applicationToken, at: clock.now() });
            running += 1;
            atOnce = Math.max(atOnce, running);
            await clock.sleep(CALL_MS);
            running -= 1;
            return alloyAnswer(applicationToken, [eventOf(applicationToken)]);
          },
          listInvestigations: refuseList,
          renewCredentials() {},
        },
        settings: {
          ...POLLER_SETTINGS,
          polling: { ...POLLER_SETTINGS.polling, ...polling, runMs: 42_000 },
        },
        metrics: {
          ...UNCOUNTED,
          count(name, ...[value = 1]) {
            counted.push(name);
            if (name === METRICS.applicationsBehind) behind.push(value);
          },
        },
        now: clock.now,
        sleep: clock.sleep,
      }),
    );
  const { run = Array.from({ length: polling.pollers ?? 1 }, (_, number) => number) } = options;
  await clock.during(() =>
    Promise.all(run.map((number) => poller()(number === null ? {} : { poller: number }))),
  );
  const dues = [...table.applications.values()].map((kept) => kept.dueAt);
  return {
    calls,
    tokens,
    counted,
    behind,
    atOnce,
    /** Applications that are due still. */
    left: dues.filter((at) => at !== null && at <= START).length,
  };
}
