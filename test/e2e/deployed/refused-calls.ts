import { GetFunctionConfigurationCommand } from "@aws-sdk/client-lambda";
import { DynamoDBClient, ScanCommand } from "@aws-sdk/client-dynamodb";
import { describe, expect, it } from "vitest";
import { CREDENTIALS } from "../../../tools/local/emulator/emulator.ts";
import { takeRefusals } from "../../support/take-refusals.ts";
import { makeDriver } from "./driver.ts";
import { isSkipped } from "./stack.ts";

describe.skipIf(isSkipped)("a call of a deployed function", () => {
  it("is refused where AWS would refuse it, and is told with the function, the action and the resource", async ({
    skip,
  }) => {
    const { stack, clients, output } = makeDriver();
    // A running emulator, which is not ours to change, takes every call.
    skip(stack.refusals === null);
    const FunctionName = output("ConsumerFunctionName");
    const { Environment } = await clients.lambda.send(
      new GetFunctionConfigurationCommand({ FunctionName }),
    );
    const endpoint = Environment?.Variables?.["AWS_ENDPOINT_URL"] ?? "";
    const consumers = new DynamoDBClient({
      endpoint,
      region: stack.region,
      credentials: CREDENTIALS,
    });
    const TableName = output("ApplicationTableName");

    const scan = consumers.send(new ScanCommand({ TableName }));

    await expect(scan).rejects.toMatchObject({ name: "AccessDeniedException" });
    expect(takeRefusals(stack.refusals ?? "")).toEqual([
      expect.stringMatching(
        /^\w*ConsumerFunction\w+: \w+ dynamodb:Scan arn:aws:dynamodb:[^ ]+:table\/ApplicationTable: no statement allows it$/,
      ),
    ]);
  });
});
