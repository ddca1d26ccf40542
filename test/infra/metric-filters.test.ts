import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { METRICS } from "../../lambdas/settings/metrics.ts";
import { NO_VALUE, SHORT_LINE_FIELDS, USUAL_COUNTS } from "../../lambdas/settings/usual-counts.ts";
import { makeMetrics } from "../../lambdas/telemetry/metrics.ts";
import type { Metrics } from "../../lambdas/telemetry/metrics.ts";
import { shortLines } from "../../lambdas/telemetry/short-lines.ts";
import { consumerSettings, ingestSettings } from "../../lib/config/function-settings.ts";
import { readEmbeddedMetrics } from "../../tools/local/emulator/embedded-metrics.ts";
import { metricFiltersOf } from "../../tools/strict-aws/metric-filters.ts";
import { idsOf, listOf } from "../../tools/template/template.ts";
import { lean, local, production, sandbox } from "../../tools/template/variants.ts";
import { accessLogFormatOf, accessLogLine } from "../support/access-log.ts";
import { templateOf } from "../support/template.ts";

const stack = templateOf(production);
const filters = metricFiltersOf(stack);
const ofConsumer = filters.filter(({ logGroup }) => logGroup.includes("Consumer"));
const ofAccessLog = filters.filter(({ logGroup }) => logGroup.includes("AccessLog"));

const alloysAddress = production.allowList.cidrs[0]?.replace("/32", "") ?? "";

/** What an invocation of the consumer counts. */
type Counting = (metrics: Metrics<"consumer">) => void;

const usualEvent: Counting = (metrics) => {
  metrics.count(METRICS.eventsRecorded);
  metrics.milliseconds(METRICS.deliveryLatency, 512);
  metrics.count(METRICS.webhooksByAttempt, 1, { Attempt: "1" });
  metrics.count(METRICS.recordsHandled);
};

const USUAL: readonly (readonly [string, Counting])[] = [
  ["one event", usualEvent],
  [
    "an event that is there as soon as it is sent",
    (metrics) => metrics.milliseconds(METRICS.deliveryLatency, 0),
  ],
  [
    "an approval, which is an end too",
    (metrics) => {
      usualEvent(metrics);
      metrics.count(METRICS.eventsPublished);
      metrics.milliseconds(METRICS.timeToDecision, 600_000);
      for (const outcome of ["approved", "ended"]) {
        metrics.count(METRICS.applicationsByOutcome, 1, { Outcome: outcome });
      }
    },
  ],
  [
    "ten events that came together",
    (metrics) => {
      for (let event = 0; event < 10; event += 1) usualEvent(metrics);
    },
  ],
  [
    "two events of different attempts",
    (metrics) => {
      usualEvent(metrics);
      usualEvent(metrics);
      metrics.count(METRICS.webhooksByAttempt, 1, { Attempt: "2" });
    },
  ],
];

describe("the consumer's short lines", () => {
  it.each(USUAL)("of %s make the metrics that embedded ones would", (_, counting) => {
    const short = written(counting, true);
    const embedded = written(counting, false);

    expect(short.join()).not.toContain("_aws");
    expect(short.join().length).toBeLessThan(embedded.join().length);
    expect(byFilters(short)).toEqual(byDirectives(embedded));
    // No line counts twice.
    expect(byFilters(embedded)).toEqual([]);
    expect(byDirectives(short)).toEqual([]);
  });

  it.each<readonly [string, Counting]>([
    ["a failed record", (metrics) => metrics.count(METRICS.recordsFailed)],
    ["a duplicate", (metrics) => metrics.count(METRICS.eventsDuplicate)],
    [
      "a Journey that is counted by itself",
      (metrics) => {
        metrics.count(METRICS.applicationsByOutcome, 1, { Journey: "J-1", Outcome: "approved" });
      },
    ],
    ["a webhook from the future", (metrics) => metrics.milliseconds(METRICS.deliveryLatency, -1)],
    [
      "a dimension that would be two fields",
      (metrics) => metrics.count(METRICS.webhooksByAttempt, 1, { Attempt: "1 2" }),
    ],
  ])("are not written where %s is counted too: all of it is embedded", (_, more) => {
    const counting: Counting = (metrics) => {
      usualEvent(metrics);
      more(metrics);
    };

    expect(written(counting, true)).toEqual(written(counting, false));
  });

  it("are what filters read: every usual count has one", () => {
    expect(ofConsumer.map(({ metric }) => metric).toSorted()).toEqual(
      [...USUAL_COUNTS.keys()].toSorted(),
    );
  });

  it("say what the filters read field by field: a value that goes missing, or moves, is another count", () => {
    const [, approval] = USUAL.find(([name]) => name.startsWith("an approval")) ?? [];
    const lines = written(approval ?? usualEvent, true);
    const counted = byFilters(lines);
    const isCountedAlike = (change: (texts: readonly string[]) => readonly string[]) =>
      JSON.stringify(byFilters(lines.map((line) => change(line.split(" ")).join(" ")))) ===
      JSON.stringify(counted);

    // Planted: each field is lost in turn, or changes places with the next one.
    const unseen = SHORT_LINE_FIELDS.filter((_, at) =>
      isCountedAlike((texts) => texts.with(at, NO_VALUE)),
    );
    const unmoved = SHORT_LINE_FIELDS.slice(1).filter((_, at) =>
      isCountedAlike((texts) => texts.with(at, texts[at + 1] ?? "").with(at + 1, texts[at] ?? "")),
    );

    expect(isCountedAlike((texts) => texts)).toBe(true);
    expect(unseen).toEqual([]);
    // An event is recorded and handled once, and published once: the first three are alike.
    expect(unmoved).toEqual(["RecordsHandled", "EventsPublished"]);
  });

  it("of another stage are not counted, nor is a line that has one field more or less", () => {
    const [line = ""] = written(usualEvent, true);

    expect(byFilters([line]).length).toBeGreaterThan(0);
    expect(byFilters([line.replace("production", "sandbox")])).toEqual([]);
    expect(byFilters([line.replace("production ", "")])).toEqual([]);
  });

  it("are not the lines of the logger", () => {
    const line = JSON.stringify({
      level: "WARN",
      message: "an event failed",
      stage: "production",
      eventId: "0a1b",
    });

    expect(byFilters([line, "not JSON at all", "[]"])).toEqual([]);
  });
});

describe("the access log", () => {
  const lineOf = (status: string, values: Readonly<Record<string, string>> = {}) =>
    accessLogLine(stack, {
      requestId: "JKJaXmPLvHcESHA=",
      "identity.sourceIp": "192.0.2.7",
      "identity.userAgent": "python-requests/2.32.3",
      status,
      responseLatency: "25",
      integrationStatus: "200",
      ...values,
    });

  it("counts a webhook that was stored, once, as ingest would", () => {
    const made = ofAccessLog.flatMap(({ read }) => read(lineOf("200")) ?? []);

    expect(made).toEqual([
      {
        namespace: "AlloyJourneyWebhooks",
        name: METRICS.webhooksReceived,
        unit: "Count",
        dimensions: { Stage: "production" },
        value: 1,
      },
    ]);
  });

  it.each(["401", "403", "404", "429", "500", "503"])("counts no webhook answered %s", (status) => {
    const made = ofAccessLog.flatMap(({ read }) => read(lineOf(status)) ?? []);

    expect(made.map(({ name }) => name)).not.toContain(METRICS.webhooksReceived);
  });

  it.each([
    ["a quote", 'curl" 200 200 "x'],
    ["one quote", '"'],
    ["nothing", ""],
    ["brackets", "Mozilla/5.0 [FBAN/FBIOS;FBAV] [x"],
    ["a line of ours", "x= 34.236.208.20 200 25 200 production"],
  ])("counts the same whatever agent calls: %s", (_, agent) => {
    const from = { "identity.sourceIp": alloysAddress, "identity.userAgent": agent };
    const countedAs = (status: string) =>
      ofAccessLog
        .flatMap(({ read }) => read(lineOf(status, from)) ?? [])
        .map(({ name, dimensions }) => `${name} ${JSON.stringify(dimensions)}`);

    expect(countedAs("200")).toEqual(['WebhooksReceived {"Stage":"production"}']);
    expect(countedAs("429")).toEqual(['AlloyRefused {"Stage":"production"}']);
  });

  it("has the fields that the page names, in its order", () => {
    const page = readFileSync(new URL("../../docs/metrics.md", import.meta.url), "utf8");
    const names = /parse @message '([^']*)' as (.*)/.exec(page);
    const format = accessLogFormatOf(stack).replaceAll(/\$context\.[A-Za-z.]+|production/g, "*");

    expect(names?.[1]).toBe(format);
    expect(names?.[2]?.split(", ").length).toBe(format.split("*").length - 1);
  });
});

describe("who counts", () => {
  it.each([
    ["production", production],
    ["sandbox", sandbox],
    ["a lean stage", lean],
  ])("is the filters in %s, and no function beside them", (_, stage) => {
    expect(ingestSettings(stage).countsStored).toBe(false);
    expect(consumerSettings(stage).areMetricsFiltered).toBe(true);
    const names = metricFiltersOf(templateOf(stage)).length;
    expect(names).toBeGreaterThan(USUAL_COUNTS.size);
  });

  it("is the functions on an emulator, which has no filters, and where the stage says so", () => {
    for (const stage of [local, { ...production, counting: "functions" as const }]) {
      expect(ingestSettings(stage).countsStored).toBe(true);
      expect(consumerSettings(stage)).not.toHaveProperty("areMetricsFiltered");
      const template = templateOf(stage);
      const line = accessLogLine(template, { status: "200" });
      const read = metricFiltersOf(template).flatMap((one) => one.read(line) ?? []);
      expect(read).toEqual([]);
    }
  });

  it("is there before the build that relies on it", () => {
    const functions = stack
      .ofType("AWS::Lambda::Function")
      .filter(({ logicalId }) => /^(?:IntakeIngest|ProcessingConsumer)/.test(logicalId));
    const waitedFor = functions.flatMap((one) => listOf(one["DependsOn"]).map(String));

    const counting = idsOf(stack.ofType("AWS::Logs::MetricFilter")).filter((id) =>
      /Receipts|UsualCounts/.test(id),
    );
    expect(counting).toHaveLength(USUAL_COUNTS.size + 1);
    expect(counting.filter((id) => !waitedFor.includes(id))).toEqual([]);
    // The format that a filter reads comes after the filter, and before the build that does not count.
    const [apiStage] = stack.ofType("AWS::ApiGatewayV2::Stage");
    expect(waitedFor).toContain(apiStage?.logicalId);
    expect(listOf(apiStage?.["DependsOn"]).join()).toContain("Receipts");
  });
});

function written(counting: Counting, isShort: boolean): readonly string[] {
  const lines: string[] = [];
  const metrics = makeMetrics({
    stage: "production",
    short: isShort ? shortLines : undefined,
    write: (line) => void lines.push(line),
    now: () => 1_795_464_000_000,
  });
  counting(metrics);
  metrics.flush();
  return lines;
}

function byFilters(lines: readonly string[]): readonly string[] {
  return lines
    .flatMap((line) => ofConsumer.flatMap(({ read }) => read(line) ?? []))
    .map(({ namespace, name, unit, dimensions, value }) =>
      textOf(namespace, name, unit, dimensions, value),
    )
    .toSorted();
}

function byDirectives(lines: readonly string[]): readonly string[] {
  return lines
    .flatMap((line) => readEmbeddedMetrics(line))
    .flatMap(({ namespace, data }) =>
      data.map(({ MetricName = "", Unit = "", Dimensions = [], Value = Number.NaN }) => {
        const dimensions = Dimensions.map((one) => [one.Name ?? "", one.Value ?? ""] as const);
        return textOf(namespace, MetricName, Unit, Object.fromEntries(dimensions), Value);
      }),
    )
    .toSorted();
}

function textOf(
  namespace: string,
  name: string,
  unit: string,
  dimensions: Readonly<Record<string, string>>,
  value: number,
): string {
  const by = Object.entries(dimensions).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return `${namespace} ${name} ${unit} ${JSON.stringify(by)} ${value}`;
}
