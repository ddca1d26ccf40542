import type { PlayResult } from "../scenarios/play.ts";
import { Painted } from "../../terminal/lines.ts";
import type { Line } from "../../terminal/lines.ts";
import { renderTable } from "./table.ts";

/** Whether everything agrees and every effect happened once. */
export function isGood({ verdicts, faults }: Pick<PlayResult, "verdicts" | "faults">): boolean {
  return (
    verdicts.length > 0 &&
    faults.length === 0 &&
    verdicts.every((verdict) => verdict.faults.length === 0)
  );
}

/** What came of the scenarios: the table, the sums, and the verdict on the whole. */
export function renderReport(
  result: PlayResult,
  times: { readonly elapsedMs: number; readonly limitMs: number },
): readonly Line[] {
  const { verdicts, faults } = result;
  const sum = (count: (verdict: (typeof verdicts)[number]) => number) =>
    verdicts.reduce((total, verdict) => total + count(verdict), 0);
  const events = sum(({ alloy }) => alloy.eventIds.length);
  const received = sum((verdict) => verdict.received);
  const healed = sum((verdict) => verdict.healed);
  const published = sum((verdict) =>
    Object.values(verdict.published).reduce((total, count) => total + count, 0),
  );
  const seconds = `(${(times.elapsedMs / 1_000).toFixed(1)} s)`;
  return [
    ...renderTable(verdicts),
    ...faults.map((fault) => [new Painted("red", fault)]),
    ...(result.investigation === undefined ? [] : [result.investigation]),
    `${verdicts.length} applications, ${events} events at Alloy: ${received} received, ${healed} healed by the poller. Published: ${published}. The others arrived out of order and were only recorded.`,
    isGood(result)
      ? [
          new Painted(
            "green",
            `Every application agrees with Alloy, and every event took effect once. ${seconds}`,
          ),
        ]
      : [
          new Painted(
            "red",
            `Some applications did not agree with Alloy within ${times.limitMs / 1_000} s of the last change. ${seconds}`,
          ),
        ],
  ];
}
