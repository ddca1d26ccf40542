import { readdirSync, readFileSync } from "node:fs";
import { App, Stack } from "aws-cdk-lib";
import { Metric } from "aws-cdk-lib/aws-cloudwatch";
import { describe, expect, it } from "vitest";
import { METRIC_NAMESPACE, METRICS } from "../../lambdas/settings/metrics.ts";
import { AlertTopics, INCIDENT_ALARMS } from "../../lib/alarms/alert-topics.ts";
import { Encryption } from "../../lib/constructs/encryption.ts";
import { pascalCase } from "../../lib/pascal-case.ts";
import { RunbookAlarm } from "../../lib/alarms/runbook-alarm.ts";
import { listOf, objectsIn, referredId } from "../../tools/template/template.ts";
import { sandbox, VARIANTS, withTargets, withWorkedRules } from "../../tools/template/variants.ts";
import type { Synthesised } from "../../tools/template/synthesise.ts";
import type { TemplateResource } from "../../tools/template/template.ts";
import { templateOf } from "../support/template.ts";

const RUNBOOKS = readdirSync("docs/runbooks").map((file) => file.replace(/\.md$/, ""));

/** Each runbook stands alone, and has the same parts in the same order. */
const PARTS = [
  "What fired",
  "Impact",
  "Check first",
  "Likely causes",
  "Fix",
  "When the fix does not hold",
  "Aftercare",
];

describe.each(VARIANTS)("in %s", (_name, stage) => {
  const stack = templateOf(stage);
  const alarms = alarmsOf(stack);

  it("every alarm has a runbook under its id, and says where it is", () => {
    for (const alarm of alarms) {
      const runbook = runbookOf(idOf(alarm, stack));

      expect(RUNBOOKS).toContain(runbook);
      expect(descriptionOf(alarm)).toContain(`/docs/runbooks/${runbook}.md`);
    }
    expect(alarms.length).toBeGreaterThan(0);
  });

  it("every alarm says what is true, what it costs, and where to look, within CloudWatch's limit", () => {
    for (const alarm of alarms) {
      const description = descriptionOf(alarm);

      expect(description).toMatch(/^[^\n]+\.\n\nImpact: [^\n]+\.\n\nRunbook: https:/);
      // A lean stage has none.
      expect(description.includes("Dashboard: https://")).toBe(stage.footprint !== "lean");
      expect(description.length).toBeLessThanOrEqual(1024);
    }
  });

  it("every alarm links to the queues that it watches, or to the logs of a function", () => {
    for (const alarm of alarms) {
      const description = JSON.stringify(alarm.Properties["AlarmDescription"]);
      const queues = queuesOf(alarm);

      for (const queue of queues) {
        expect(description).toContain("/sqs/v3/home#/queues/");
        expect(description).toContain(`"Ref":"${queue}"`);
      }
      // A table has neither; the one over all of them and a team's own rule have the dashboard. A target's counts are of its rule.
      const isBeyond = /^(tables-|integration-unhealthy$|notification-|target-)/.test(
        idOf(alarm, stack),
      );
      const hasLogs = description.includes("#logsV2:log-groups/log-group/");
      expect(hasLogs || queues.length > 0 || isBeyond).toBe(true);
    }
  });

  it("every alarm tells one of the two topics, or a rule's team, when it begins and when it ends", () => {
    const teams = Object.keys(stage.alarms.teams).map((team) => `${pascalCase(team)}TeamTopic`);

    for (const alarm of alarms) {
      const { Properties } = alarm;
      const [topic, ...others] = listOf(Properties["AlarmActions"]).map(referredId);
      const id = idOf(alarm, stack);
      const isRule = id.startsWith("notification-");
      const isPart = INCIDENT_ALARMS.some((one) => one === id);

      expect(["PageTopic", "TicketTopic", ...(isRule ? teams : [])]).toContain(topic);
      // The one page for the incident may be out already when this one begins.
      expect(others).toEqual(isPart ? ["TicketTopic"] : []);
      expect(Properties["OKActions"]).toEqual(Properties["AlarmActions"]);
    }
  });

  it("every alarm on a metric says what silence means to it", () => {
    for (const { Properties } of stack.ofType("AWS::CloudWatch::Alarm")) {
      expect(["breaching", "notBreaching"]).toContain(Properties["TreatMissingData"]);
    }
  });
});

describe("every runbook", () => {
  it("has an alarm", () => {
    const stack = templateOf({
      ...withWorkedRules,
      investigations: "on",
      decision: {},
      encryption: "customer-managed",
      routes: { ...withWorkedRules.routes, approved: withTargets.routes.approved },
    });
    const pages = alarmsOf(stack).map((alarm) => runbookOf(idOf(alarm, stack)));

    expect(RUNBOOKS.toSorted()).toEqual([...new Set(pages)].toSorted());
  });

  it.each(RUNBOOKS)("%s has its parts, in their order, and three or four things to check", (id) => {
    const text = readFileSync(`docs/runbooks/${id}.md`, "utf8");
    const headings = [...text.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading);
    const [, checks = ""] = text.split(/^## (?:Check first|Likely causes)$/m);

    expect(text.startsWith(`# ${id}\n`)).toBe(true);
    expect(headings).toEqual(PARTS);
    expect([3, 4]).toContain(checks.match(/^\d\. .+ Good: /gm)?.length);
  });
});

describe("an alarm", () => {
  it("without a runbook fails the synth in a sentence", () => {
    expect(() => anAlarm("no-such-page")).toThrow(
      "The alarm no-such-page has no runbook: write docs/runbooks/no-such-page.md, so that the person on call knows what to do.",
    );
  });

  it("without an impact fails the synth in a sentence", () => {
    expect(() => anAlarm("delivery-gap", { impact: " " })).toThrow(
      "The alarm delivery-gap does not say its impact: what breaks, and for whom?",
    );
  });

  it("that says more than CloudWatch takes fails the synth in a sentence", () => {
    expect(() => anAlarm("delivery-gap", { impact: "x".repeat(1024) })).toThrow(
      /^The description of alarm delivery-gap has \d{4} characters, CloudWatch takes 1024: shorten its fact, impact or links\.$/,
    );
  });
});

function anAlarm(id: string, change: { readonly impact?: string } = {}): RunbookAlarm {
  const stack = new Stack(new App(), "Alarms");
  const { alertsKey } = new Encryption(stack, "Encryption", { stage: sandbox });
  const alerts = new AlertTopics(stack, "Alerts", { stage: sandbox, key: alertsKey });
  return new RunbookAlarm(stack, id, {
    alerts,
    severity: "page",
    fact: "Something is wrong.",
    impact: "somebody waits.",
    because: "one is enough.",
    links: [],
    metric: new Metric({ namespace: METRIC_NAMESPACE, metricName: METRICS.deliveryGaps }),
    threshold: 1,
    ...change,
  });
}

/** All alarms that tell somebody; those that only hold back another are no alarms to people. */
function alarmsOf(stack: Synthesised): readonly TemplateResource[] {
  const all = [
    ...stack.ofType("AWS::CloudWatch::Alarm"),
    ...stack.ofType("AWS::CloudWatch::CompositeAlarm"),
  ];
  const suppressors = all.map(({ Properties }) => referredId(Properties["ActionsSuppressor"]));
  const inSuppressors = all
    .filter(({ logicalId }) => suppressors.includes(logicalId))
    .flatMap(({ Properties }) => objectsIn(Properties["AlarmRule"]).map(referredId));
  return all.filter(
    ({ logicalId, Properties }) =>
      "AlarmActions" in Properties ||
      ![...suppressors, ...inSuppressors].some((id) => id === logicalId),
  );
}

/** Rules share one page, as what to do stands in the rule; and so do the queues that nobody reads. */
function runbookOf(id: string): string {
  const shared = ["notification", "route-unread", "target-failing", "target-retried"].find((page) =>
    id.startsWith(`${page}-`),
  );
  return shared ?? id;
}

/** Queues whose metrics an alarm watches, by their logical ids. */
function queuesOf({ Properties }: TemplateResource): readonly string[] {
  return objectsIn(Properties)
    .filter(({ Name }) => Name === "QueueName")
    .flatMap(({ Value }) => referredId(Value) ?? []);
}

function idOf({ Properties }: TemplateResource, { stage }: Synthesised): string {
  return String(Properties["AlarmName"]).replace(`AlloyJourneyWebhooks-${stage.stage}-`, "");
}

/** The description, with what CloudFormation will fill in written out at the length that it has. */
function descriptionOf({ Properties }: TemplateResource): string {
  return rendered(Properties["AlarmDescription"]);
}

/** Longer than any queue's URL or log group's name, escaped as the console wants it. */
const FILLED_IN = "x".repeat(130);

function rendered(value: unknown): string {
  if (typeof value === "string") return value;
  const [object] = objectsIn(value);
  if (object === undefined) return FILLED_IN;
  const join = object["Fn::Join"];
  if (Array.isArray(join)) {
    const [separator, parts] = join;
    return listOf(parts).map(rendered).join(String(separator));
  }
  if (object["Ref"] === "AWS::Region") return "ap-southeast-1";
  return FILLED_IN;
}
