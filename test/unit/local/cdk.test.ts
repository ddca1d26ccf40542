import { describe, expect, it, test } from "vitest";
import { OUTPUTS } from "../../../lib/outputs.ts";
import { checkOutputs, deployWithCdk, STACK_NAME } from "../../../tools/local/emulator/cdk.ts";

const outputs = Object.fromEntries([...OUTPUTS, "ApprovedQueueUrl"].map((name) => [name, name]));

test("a deployment into an emulator that takes no bucket says so, and why", async () => {
  const deployed = deployWithCdk(
    // Nobody listens there.
    "http://127.0.0.1:9",
    { alloyBaseUrl: "http://127.0.0.1:9/v1", timeScale: 1, investigations: "off" },
    { folder: "/nowhere", signal: new AbortController().signal },
  );

  await expect(deployed).rejects.toThrow(
    /^The emulator does not take what CDK keeps beside its stacks, a bucket and a parameter: .*ECONNREFUSED/,
  );
});

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
