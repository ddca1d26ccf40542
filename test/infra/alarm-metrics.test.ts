import { describe, expect, it } from "vitest";
import { METRIC_NAMESPACE, METRICS, STAGE_DIMENSION } from "../../lambdas/settings/metrics.ts";
import { idsOf, isRecord, listOf, objectsIn, referredId } from "../../tools/template/template.ts";
import type { Synthesised } from "../../tools/template/synthesise.ts";
import {
  production,
  sandbox,
  VARIANTS,
  withInvestigations,
  withWorkedRules,
} from "../../tools/template/variants.ts";
import { EMITTED, identity } from "../support/emitted.ts";
import { templateOf } from "../support/template.ts";

describe.each(VARIANTS)("in %s", (_name, stage) => {
  const stack = templateOf(stage);
  // Tickets alone look at the tables and at the schedules.
  const hasTickets = stage.footprint !== "lean";

  it("every metric of ours that an alarm watches is emitted, under the dimensions that it watches, in this stage", () => {
    const watched = watchedBy(stack, METRIC_NAMESPACE);

    const unknown = watched.filter(({ name, of }) => !EMITTED.has(identity(name, Object.keys(of))));
    expect(unknown).toEqual([]);
    expect(new Set(watched.map(({ of }) => of[STAGE_DIMENSION]))).toEqual(new Set([stage.stage]));
  });

  it("an error of DynamoDB is in an alarm, of each operation that a function may call, and of no other", () => {
    const watched = watchedBy(stack, "AWS/DynamoDB")
      .filter(({ name }) => name === "SystemErrors")
      .map(({ of }) => `${of["Operation"]} of ${of["TableName"]}`);

    const called = tableRights(stack).map(({ operation, table }) => `${operation} of ${table}`);
    expect(watched.toSorted()).toEqual(hasTickets ? [...new Set(called)].toSorted() : []);
  });

  it("a throttle is in an alarm, of each table and of each index that is written or queried", () => {
    const watched = watchedBy(stack, "AWS/DynamoDB")
      .filter(({ name }) => name.endsWith("ThrottleEvents"))
      .map(({ name, of }) => `${name} of ${of["TableName"]} ${of["GlobalSecondaryIndexName"]}`);

    const queried = tableRights(stack).map(({ table, index }) => `${table} ${index}`);
    // Each write of the table is one of its indexes too, and a table's own count leaves it out.
    const wanted = stack.ofType("AWS::DynamoDB::GlobalTable").flatMap((table) => {
      const indexes = listOf(table.Properties["GlobalSecondaryIndexes"]).filter(isRecord);
      const names = [undefined, ...indexes.map((index) => String(index["IndexName"]))];
      return names.flatMap((name) => {
        const of = `${table.logicalId} ${name}`;
        const isRead = name === undefined || queried.includes(of);
        return [`WriteThrottleEvents of ${of}`, ...(isRead ? [`ReadThrottleEvents of ${of}`] : [])];
      });
    });
    expect(wanted.length).toBeGreaterThan(6);
    expect(watched.toSorted()).toEqual(hasTickets ? wanted.toSorted() : []);
  });

  it("what neither a target nor its dead-letter queue took is in an alarm, of each rule and schedule", () => {
    const lost = [...watchedBy(stack, "AWS/Events"), ...watchedBy(stack, "AWS/Scheduler")].filter(
      ({ name }) => /^InvocationsFailedToBeSentTo(Dlq|DeadLetterCount)$/.test(name),
    );

    const rules = stack
      .ofType("AWS::Events::Rule")
      .filter(({ Properties }) => "Targets" in Properties)
      .map(({ Properties }) => String(Properties["Name"]));
    const groups = idsOf(stack.ofType("AWS::Scheduler::ScheduleGroup"));
    expect(rules.length).toBeGreaterThan(8);
    expect(groups).toHaveLength(1);
    expect(lost.map(({ of }) => String(of["RuleName"] ?? of["ScheduleGroup"])).toSorted()).toEqual(
      [...rules, ...(hasTickets ? groups : [])].toSorted(),
    );
  });
});

it("every metric that is emitted is watched: by an alarm, or by people on the dashboard", () => {
  // A rule's metrics, and those of Investigations, are watched where a stage has them.
  const stages = [sandbox, production, withInvestigations, withWorkedRules];
  const watching = JSON.stringify(
    stages
      .flatMap((stage) => templateOf(stage).resources)
      .filter(({ Type }) =>
        ["AWS::CloudWatch::Alarm", "AWS::CloudWatch::Dashboard"].includes(Type),
      ),
  );
  // The name and what encloses it in the dashboard's body, which is JSON in JSON.
  expect(
    Object.values(METRICS).filter((name) => !new RegExp(`"${name}\\\\*"`).test(watching)),
  ).toEqual([]);
});

/** The metrics of a namespace of AWS that alarms watch, each with its dimensions; a reference by its logical id. */
function watchedBy(stack: Synthesised, namespace: string) {
  return stack
    .ofType("AWS::CloudWatch::Alarm")
    .flatMap(({ Properties }) => objectsIn(Properties))
    .filter(({ Namespace }) => Namespace === namespace)
    .map(({ MetricName, Dimensions }) => ({
      name: String(MetricName),
      of: Object.fromEntries(
        listOf(Dimensions)
          .filter(isRecord)
          .map(({ Name, Value }) => [String(Name), referredId(Value) ?? String(Value)]),
      ),
    }));
}

/** What the functions' roles may call of the tables, and of which index. People have managed policies. */
function tableRights(stack: Synthesised) {
  return stack
    .ofType("AWS::IAM::Policy")
    .flatMap(({ Properties }) => objectsIn(Properties["PolicyDocument"]))
    .filter(({ Effect }) => Effect === "Allow")
    .flatMap((statement) =>
      listOf(statement["Action"])
        .map(String)
        .filter((action) => action.startsWith("dynamodb:"))
        .flatMap((action) =>
          listOf(statement["Resource"]).map((resource) => ({
            operation: action.replace("dynamodb:", ""),
            table: objectsIn(resource)
              .map(referredId)
              .find((id) => id !== undefined),
            index: /\/index\/(\w+)/.exec(JSON.stringify(resource))?.[1],
          })),
        ),
    );
}
