import { describe, expect, it } from "vitest";
import { OUTPUTS } from "../../../lib/outputs.ts";
import { checkOutputs, STACK_NAME } from "../../../tools/local/emulator/cdk.ts";

const outputs = Object.fromEntries([...OUTPUTS, "ApprovedQueueUrl"].map((name) => [name, name]));

describe("the outputs of the deployed stack", () => {
  it("are taken with those of the routes", () => {
    expect(checkOutputs({ [STACK_NAME]: outputs })).toEqual(outputs);
  });

  it("are missed by name, all at once", () => {
    const { WebhookUrl: _, ...rest } = outputs;

    const check = () => checkOutputs({ [STACK_NAME]: { ...rest, PageTopicArn: "" } });

    expect(check).toThrow("The deployed stack lacks these outputs: WebhookUrl, PageTopicArn.");
  });

  it("are all missed when the file does not know the stack", () => {
    expect(() => checkOutputs({})).toThrow(OUTPUTS.join(", "));
  });
});
