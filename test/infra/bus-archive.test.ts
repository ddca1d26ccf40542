import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

import { stageOf } from "../../lib/config/stage-props.ts";
import { EXAMPLE_PRODUCTION } from "../../lib/config/default-stages.ts";
import { replayRefusal } from "../../tools/strict-aws/limits-of-replays.ts";
import { VARIANTS } from "../../tools/template/variants.ts";
import { templateOf } from "../support/template.ts";

const archive = { retentionDays: 30 };
const template = templateOf({ ...EXAMPLE_PRODUCTION, archive });
const BUS = "arn:aws:events:us-east-1:111122223333:event-bus/AlloyJourneyWebhooks-production";
const ARCHIVE = "arn:aws:events:us-east-1:111122223333:archive/AlloyJourneyWebhooks-production";
const RULE = `${BUS.replace("event-bus", "rule")}/AlloyJourneyWebhooks-production-approved`;
const busOf = (arn: string) => (arn === ARCHIVE ? BUS : null);

const resource = (of: typeof template, id: string) =>
  of.resources.find(({ logicalId }) => logicalId === id);
const actionsOf = (policy: string, of = template) =>
  JSON.stringify(resource(of, policy)?.Properties["PolicyDocument"]);

describe("an archive of the bus", () => {
  test("is in the template of a stage that asks for it alone, for so many days, of our events alone", () => {
    expect(templateOf(EXAMPLE_PRODUCTION).ofType("AWS::Events::Archive")).toEqual([]);
    for (const [name, stage] of VARIANTS) {
      const archives = templateOf(stage).ofType("AWS::Events::Archive");
      expect([name, archives.length]).toEqual([name, stage.archive === undefined ? 0 : 1]);
    }

    const [made] = template.ofType("AWS::Events::Archive");
    expect(made?.Properties).toMatchObject({
      ArchiveName: "AlloyJourneyWebhooks-production",
      EventPattern: { source: ["alloy.journeys"] },
      RetentionDays: 30,
      SourceArn: { "Fn::GetAtt": ["EventBus", "Arn"] },
    });
    expect(made?.DeletionPolicy).toBe("RetainExceptOnCreate");
  });

  test("is under the stage's own key, whose policy lets EventBridge encrypt anew", () => {
    const keyed = templateOf({ ...EXAMPLE_PRODUCTION, archive, encryption: "customer-managed" });

    const [made] = keyed.ofType("AWS::Events::Archive");
    expect(made?.Properties["KmsKeyIdentifier"]).toEqual({
      "Fn::GetAtt": ["EncryptionKey", "Arn"],
    });
    const policy = JSON.stringify(resource(keyed, "EncryptionKey")?.Properties["KeyPolicy"]);
    expect(policy).toContain(
      '"Action":["kms:Decrypt","kms:DescribeKey","kms:GenerateDataKey","kms:ReEncrypt*"],"Condition":{"StringEquals":{"aws:SourceAccount"',
    );
  });

  test("is replayed by operators, and where there is none, nobody has a right to replay one", () => {
    expect(actionsOf("OperatorPolicy")).toContain('"events:StartReplay"');
    expect(actionsOf("AuditorPolicy")).not.toContain("StartReplay");
    expect(actionsOf("OperatorPolicy", templateOf(EXAMPLE_PRODUCTION))).not.toContain("Replay");
  });

  test.each([
    [{ retentionDays: 0 }, /archive.*at least 1 day/],
    [{ retentionDays: 1.5 }, /archive.*whole days/],
    [{ retentionDays: 4_000 }, /archive.*at most 3650 days/],
  ])("of %j fails the synth with a sentence", (wrong, sentence) => {
    expect(() => stageOf({ stage: "one", environment: "sandbox", archive: wrong })).toThrow(
      sentence,
    );
  });
});

describe("a replay of the archive, as docs/targets.md starts it", () => {
  const page = readFileSync(new URL("../../docs/targets.md", import.meta.url), "utf8");
  const [command = ""] = page.match(/aws events start-replay[^`]*/) ?? [];
  const option = (name: string) =>
    (command.match(new RegExp(`--${name} (\\S+)`))?.[1] ?? "")
      .replaceAll("$STACK", "AlloyJourneyWebhooks-production")
      .replaceAll("$ARN", "arn:aws:events:us-east-1:111122223333")
      .replaceAll(/["']/g, "");
  const asWritten = {
    ReplayName: option("replay-name"),
    EventSourceArn: option("event-source-arn"),
    EventStartTime: option("event-start-time"),
    EventEndTime: option("event-end-time"),
    Destination: {
      Arn: /Arn=([^,]+)/.exec(option("destination"))?.[1],
      FilterArns: [/FilterArns=([^,]+)/.exec(option("destination"))?.[1] ?? ""],
    },
  };

  test("is taken by EventBridge", () => {
    expect(asWritten.Destination).toEqual({ Arn: BUS, FilterArns: [RULE] });
    expect(replayRefusal(asWritten, busOf)).toBeNull();
  });

  test.each([
    ["to another bus", { Destination: { Arn: `${BUS}-2` } }, /event bus of the archive/],
    [
      "to a rule of another bus",
      { Destination: { Arn: BUS, FilterArns: [RULE.replace("production/", "sandbox/")] } },
      /rules of the event bus/,
    ],
    ["that ends before it begins", { EventEndTime: 0 }, /must be before EventEndTime/],
    ["without an end", { EventEndTime: undefined }, /must be before EventEndTime/],
    ["of no archive", { EventSourceArn: BUS }, /Archive does not exist/],
    ["of no name", { ReplayName: "two words" }, /ReplayName/],
  ])("is refused %s", (_, changes, sentence) => {
    expect(replayRefusal({ ...asWritten, ...changes }, busOf)?.message).toMatch(sentence);
  });
});
