import type { Implausible } from "./implausible-value.ts";
import type { StageConfiguration } from "./stage-configuration.ts";

const UNITS = { second: 1_000, minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const;

const OFTEN = "the poller runs once a minute at most";
const SOON = "a webhook is on its way for a second";
const SLOW = "people decide in hours and days";
const GONE = "nothing could be replayed or shown";

const TOO_LONG = "mostly it is a time in milliseconds that was multiplied once more";

/** Mostly a number of days, minutes or seconds that was meant, or milliseconds taken for seconds. */
export function wrongUnits({
  polling,
  gaps,
  retention,
}: StageConfiguration): readonly Implausible[] {
  const { firstCheckMs, secondCheckMs, capMs, finalCheckMs, rerunCheckMs, runMs } = polling;
  const { graceMs, thresholdMs, staleAfterMs } = gaps;
  const { eventsMs, payloadsMs, statementsMs } = retention;
  const times: readonly (readonly [string, number | null, Duration, string, Duration])[] = [
    ["polling.firstCheckMs", firstCheckMs, [1, "minute"], OFTEN, [1, "day"]],
    ["polling.secondCheckMs", secondCheckMs, [1, "minute"], OFTEN, [7, "day"]],
    ["polling.capMs", capMs, [1, "minute"], OFTEN, [366, "day"]],
    ["polling.finalCheckMs", finalCheckMs, [1, "minute"], OFTEN, [366, "day"]],
    ["polling.rerunCheckMs", rerunCheckMs, [1, "minute"], OFTEN, [366, "day"]],
    ["polling.runMs", runMs, [1, "second"], "a run asks Alloy at least once", [1, "hour"]],
    ["gaps.graceMs", graceMs, [1, "second"], SOON, [1, "day"]],
    ["gaps.thresholdMs", thresholdMs, [1, "second"], SOON, [7, "day"]],
    ["gaps.staleAfterMs", staleAfterMs, [1, "hour"], SLOW, [3_660, "day"]],
    ["retention.eventsMs", eventsMs, [1, "day"], GONE, [36_600, "day"]],
    ["retention.payloadsMs", payloadsMs, [1, "day"], GONE, [36_600, "day"]],
    ["retention.statementsMs", statementsMs, [1, "day"], GONE, [36_600, "day"]],
  ];
  return times.flatMap(([path, given, least, because, most]) => {
    if (given === null) return [];
    if (given < msOf(least)) {
      return [{ path, given, wanted: `at least ${nameOf(least)}: ${because}` }];
    }
    return given > msOf(most)
      ? [{ path, given, wanted: `at most ${nameOf(most)}: ${TOO_LONG}` }]
      : [];
  });
}

type Duration = readonly [number, keyof typeof UNITS];

const msOf = ([count, unit]: Duration) => count * UNITS[unit];

function nameOf([count, unit]: Duration): string {
  return `${msOf([count, unit])} ms, ${count} ${unit}${count === 1 ? "" : "s"}`;
}
