import { describe, expect, test } from "vitest";

import { PLACES } from "../../tools/ops/places.ts";
import { VARIANTS } from "../../tools/template/variants.ts";
import { templateOf } from "../support/template.ts";

/** Resources in which data stays for some time. */
const KEEPING = [
  "AWS::DynamoDB::GlobalTable",
  "AWS::DynamoDB::Table",
  "AWS::S3::Bucket",
  "AWS::SQS::Queue",
  "AWS::Logs::LogGroup",
  "AWS::Events::EventBus",
  "AWS::Events::Archive",
  "AWS::SNS::Topic",
  "AWS::KinesisFirehose::DeliveryStream",
];

describe.each(VARIANTS)("the places of personal data, in %s", (_, stage) => {
  test("are all resources that keep something", () => {
    const { resources } = templateOf(stage);
    const keeping = resources.filter(({ Type }) => KEEPING.includes(Type));
    expect(keeping.length).toBeGreaterThan(10);

    const unnamed = keeping.filter(
      ({ logicalId }) => !PLACES.some((place) => place.resources?.test(logicalId)),
    );

    expect(
      unnamed.map(({ logicalId }) => logicalId),
      "add a row to tools/ops/places.ts",
    ).toEqual([]);
  });
});
