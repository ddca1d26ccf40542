import { describe, expect, it } from "vitest";
import { failuresInARow } from "../../lambdas/domain/reconciliation/delivery.ts";
import type { AnsweredMinute } from "../../lambdas/domain/reconciliation/delivery.ts";
import { METRICS } from "../../lambdas/settings/metrics.ts";
import { addressPattern } from "../../lib/alarms/alloy-refusals.ts";
import type { StageConfiguration } from "../../lib/config/stage-configuration.ts";
import { evaluate } from "../../tools/cloudwatch/evaluate.ts";
import { seriesOf } from "../../tools/cloudwatch/series.ts";
import { parsePattern } from "../../tools/strict-aws/filter-pattern.ts";
import { metricFiltersOf } from "../../tools/strict-aws/metric-filters.ts";
import { isRecord, referredId } from "../../tools/template/template.ts";
import { accessLogLine } from "../support/access-log.ts";
import { alarmsOf, templateOf, topicsOf } from "../support/template.ts";
import { healthyWorld, POLL_MINUTES, Trouble } from "./cloudwatch/world.ts";
import { production, sandbox, VARIANTS } from "../../tools/template/variants.ts";

/** What strangers do at the door, and what Alloy sees of it. */

const HOUR = 60;
const MINUTE_MS = 60_000;

/** The patterns of the filters that count what Alloy is answered other than 200. */
function patternsOf(stage: StageConfiguration): readonly string[] {
  return templateOf(stage)
    .ofType("AWS::Logs::MetricFilter")
    .filter(({ Properties }) =>
      JSON.stringify(Properties["MetricTransformations"]).includes(METRICS.alloyRefused),
    )
    .map(({ Properties }) => String(Properties["FilterPattern"]));
}

describe.each(VARIANTS)("in %s", (_name, stage) => {
  it("what Alloy is answered other than 200 is counted by its addresses, 429 included", () => {
    const patterns = patternsOf(stage);

    const counted = stage.allowList.cidrs.map(addressPattern);
    expect(patterns.length).toBeGreaterThan(0);
    for (const address of counted) {
      expect(patterns.filter((one) => one.includes(`sourceIp = "${address}"`))).toHaveLength(1);
    }
    for (const pattern of patterns) {
      expect(pattern).toContain(', status != "200" && status != "204", ');
    }
  });

  it("of a run of guesses the access log has each caller's address and agent, and no credential", () => {
    const stack = templateOf(stage);
    const stages = stack.ofType("AWS::ApiGatewayV2::Stage");

    expect(stages).toHaveLength(1);
    for (const { Properties } of stages) {
      const { AccessLogSettings: settings } = Properties;
      const { Format: format, DestinationArn: destination } = isRecord(settings) ? settings : {};
      expect(String(format).split(" ")).toEqual(
        expect.arrayContaining([
          "$context.requestId",
          "$context.identity.sourceIp",
          "$context.status",
          '"$context.identity.userAgent"',
        ]),
      );
      expect(String(format)).not.toMatch(/header|body|claims|principal|integration\.requestId/i);
      const log = stack.resources.find(({ logicalId }) => logicalId === referredId(destination));
      expect(log?.Properties["RetentionInDays"]).toBe(stage.retention.logs);
    }
  });
});

describe("the filter of Alloy's addresses", () => {
  it.each([
    ["200", 0],
    ["204", 0],
    ["401", 1],
    ["429", 1],
    ["503", 1],
  ])(
    "an answer %s counts %i times towards the switch-off, whoever asks: a probe of ops rotate is no webhook",
    (status, times) => {
      const stage = { ...sandbox, allowList: { mode: "observe", cidrs: [] } } as const;
      const template = templateOf(stage);
      const line = accessLogLine(template, { "identity.sourceIp": "203.0.113.9", status });

      const counted = metricFiltersOf(template)
        .flatMap(({ read }) => read(line) ?? [])
        .filter(({ name }) => name === METRICS.alloyRefused);

      expect(counted).toHaveLength(times);
    },
  );

  it("stays within what CloudWatch Logs takes, however many there are", () => {
    const cidrs = Array.from({ length: 250 }, (_, index) => `203.0.${index}.128/25`);

    const patterns = patternsOf({ ...sandbox, allowList: { mode: "observe", cidrs } });

    expect(patterns).toHaveLength(17);
    expect(Math.max(...patterns.map(({ length }) => length))).toBeLessThanOrEqual(1_024);
  });

  it("stays within it with the longest addresses too", () => {
    const cidrs = Array.from({ length: 20 }, (_, index) =>
      ["2001", "0db8", "aaaa", "bbbb", "cccc", "dddd", "eeee", String(1_000 + index)].join(":"),
    );

    const patterns = patternsOf({ ...sandbox, allowList: { mode: "observe", cidrs } });

    for (const pattern of patterns) expect(() => parsePattern(pattern)).not.toThrow();
    expect(patterns).toHaveLength(2);
  });

  it("counts every caller when the stage names no address", () => {
    expect(patternsOf({ ...sandbox, allowList: { mode: "observe", cidrs: [] } })).toEqual([
      '[requestId, sourceIp, status != "200" && status != "204", responseLatency, integrationStatus, stage, ...]',
    ]);
  });

  it.each([
    ["52.7.221.27/32", "52.7.221.27"],
    ["52.7.221.27", "52.7.221.27"],
    ["203.0.113.128/25", "203.0.113.*"],
    ["34.240.0.0/13", "34.*"],
    ["10.0.0.0/16", "10.0.*"],
    ["2001:db8::1/128", "2001:db8::1"],
    ["2001:db8:1::/48", "2001:db8:1:*"],
    ["2001:db8::/33", "2001:db8:*"],
  ])("takes %s for %s", (cidr, pattern) => {
    expect(addressPattern(cidr)).toBe(pattern);
  });
});

describe("a quiet night in production", () => {
  const stack = templateOf(production);
  const alarms = alarmsOf(stack);
  const series = seriesOf(production.stage);
  const minutes = 4 * HOUR;
  const from = HOUR;

  /** What the poller says of the minutes that were, by its own count. */
  function night(answered: (minute: number) => Partial<AnsweredMinute>) {
    const world = healthyWorld(series, minutes, 0);
    const trouble = new Trouble(world, { from, to: minutes });
    const record: AnsweredMinute[] = [];
    const none = { accepted: 0, credentials: 0, addresses: 0, faults: 0, alloyRefused: 0 };
    for (let minute = 0; minute < minutes - from; minute += 1) {
      record.push({ ...none, at: minute * MINUTE_MS, ...answered(minute) });
    }
    trouble
      .is(series.ours(METRICS.credentialsRejected), (minute) => record[minute]?.credentials ?? 0)
      .is(series.ours(METRICS.addressesUnlisted), (minute) => record[minute]?.credentials ?? 0)
      .is(series.ours(METRICS.alloyRefused), (minute) => record[minute]?.alloyRefused ?? 0)
      .is(series.api("4xx"), (minute) => record[minute]?.credentials ?? 0)
      .is(
        series.ours(METRICS.failuresInARow),
        (minute) =>
          failuresInARow({
            minutes: record.slice(0, minute + 1),
            oldestQueuedAt: null,
            queued: 0,
          }),
        POLL_MINUTES,
      );
    return evaluate(alarms, world, { from: from - 5, to: minutes });
  }

  it("in which a stranger sends 80 forged requests a minute pages nobody: it is a ticket", () => {
    const { rang } = night(() => ({ credentials: 80 }));

    expect([...rang.keys()]).toEqual(["credentials-rejected"]);
    expect(topicsOf(stack, "credentials-rejected")).toEqual(["TicketTopic"]);
  });

  it("in which a stranger's flood uses up our throttle pages for what Alloy is answered: 429", () => {
    const { rang } = night(() => ({ credentials: 3_000, alloyRefused: 1 }));

    expect([...rang.keys()].toSorted()).toEqual([
      "credentials-rejected",
      "switch-off-near-25",
      "switch-off-near-50",
      "switch-off-near-75",
    ]);
    expect(topicsOf(stack, "switch-off-near-75")).toEqual(["PageTopic"]);
  });
});
