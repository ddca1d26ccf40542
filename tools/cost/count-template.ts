import type { Synthesised } from "../template/synthesise.ts";
import type { StackTemplate } from "../template/template.ts";
import { isRecord, listOf } from "../template/template.ts";
import { PRICES } from "./prices.ts";
import { loggedBytes } from "../../lambdas/telemetry/metrics.ts";

/** What the stage's template holds, counted in it. */
export type TemplateCount = Readonly<ReturnType<typeof countTemplate>>;

/** What API Gateway puts into its access log for a webhook: its variables, as long as they usually are. */
const ACCESS_LOG_VALUES: ReadonlyMap<string, string> = new Map([
  ["$context.requestId", "JKJaXmPLvHcESHA="],
  ["$context.identity.sourceIp", "34.236.208.20"],
  // What Alloy sends is unknown. This is the name that an HTTP library sends.
  ["$context.identity.userAgent", "python-requests/2.32.3"],
  ["$context.status", "200"],
  ["$context.responseLatency", "25"],
  ["$context.integration.status", "200"],
  ["$context.integrationStatus", "200"],
  ["$context.integrationErrorMessage", "-"],
  ["$context.authorizer.error", "-"],
]);

const MONTH_MS = 30 * 24 * 60 * 60 * 1_000;

/** A field of the access log, and what usually stands there. */
export interface AccessLogField {
  readonly format: string;
  readonly text: string;
}

/**
 * The fields of a line of the access log as a stage's template has them, each with its usual value.
 *
 * @throws Error when a variable's usual length is not said here.
 */
export function usualAccessLogFields(template: StackTemplate): readonly AccessLogField[] {
  const [apiStage] = template.ofType("AWS::ApiGatewayV2::Stage");
  const settings = apiStage?.Properties["AccessLogSettings"];
  const whole = isRecord(settings) ? settings["Format"] : undefined;
  if (typeof whole !== "string") throw new Error("The template's API has no access log.");
  return whole.split(" ").map((format) => ({
    format,
    text: format.replace(/\$context[A-Za-z.]*/g, (variable) => {
      const value = ACCESS_LOG_VALUES.get(variable);
      if (value !== undefined) return value;
      throw new Error(`Say in tools/cost/count-template.ts how long ${variable} usually is.`);
    }),
  }));
}

/** Bytes of one line of the access log. */
export function accessLogBytes(fields: readonly AccessLogField[]): number {
  return loggedBytes([fields.map(({ text }) => text).join(" ")]);
}

/** Metrics that an alarm is paid for: each that its math reads, and the edges of its band. */
function metricsOf(properties: unknown): number {
  const queries = isRecord(properties) ? listOf(properties["Metrics"]) : [];
  const edges = isRecord(properties) && properties["ThresholdMetricId"] !== undefined ? 2 : 0;
  const read = queries.filter((query) => isRecord(query) && query["MetricStat"] !== undefined);
  return Math.max(1, read.length) + edges;
}

/** What each alarm of a template costs a month, in USD, by its name. */
export function alarmPrices(template: Pick<Synthesised, "ofType">): ReadonlyMap<string, number> {
  const named = (type: string, name: string, price: (properties: unknown) => number) =>
    template
      .ofType(type)
      .map(({ Properties }) => [String(Properties[name]), price(Properties)] as const);
  return new Map([
    ...named("AWS::CloudWatch::Alarm", "AlarmName", (of) => metricsOf(of) * PRICES.alarmMetric),
    ...named("AWS::CloudWatch::CompositeAlarm", "AlarmName", () => PRICES.compositeAlarm),
  ]);
}

/** Counts what is paid by the month in the template of a stage. */
export function countTemplate(template: Synthesised) {
  return {
    alarmMetrics: template
      .ofType("AWS::CloudWatch::Alarm")
      .reduce((sum, { Properties }) => sum + metricsOf(Properties), 0),
    compositeAlarms: template.ofType("AWS::CloudWatch::CompositeAlarm").length,
    dashboards: template.ofType("AWS::CloudWatch::Dashboard").length,
    keys: template.ofType("AWS::KMS::Key").length,
    secrets: template.ofType("AWS::SecretsManager::Secret").length,
    pollerRunsPerMonth: MONTH_MS / template.stage.polling.rateMs,
  };
}
