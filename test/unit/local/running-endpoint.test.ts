import { describe, expect, it } from "vitest";
import { checkRunningEndpoint } from "../../../tools/local/emulator/running-endpoint.ts";
import type { EmulatorHealth } from "../../../tools/local/emulator/running-endpoint.ts";

const MINISTACK: EmulatorHealth = { name: "MiniStack", version: "1.5.33" };
const answers = (health: EmulatorHealth | null) => async () => health;
const neverAsked = async (): Promise<never> => {
  throw new Error("It was asked.");
};

describe("a running emulator that AWS_ENDPOINT_URL names", () => {
  it.each(["http://127.0.0.1:4566", "http://localhost:4566", "http://emulator.internal:4566"])(
    "is taken when its health page says what it is: %s",
    async (url) => {
      expect(await checkRunningEndpoint(url, answers(MINISTACK))).toEqual(MINISTACK);
    },
  );

  it.each(["http://127.0.0.1:5000", "http://[::1]:5000", "http://aws.localhost:5000"])(
    "is taken without a health page on this machine: %s",
    async (url) => {
      expect(await checkRunningEndpoint(url, answers(null))).toMatchObject({ name: "an emulator" });
    },
  );

  it.each(["http://10.0.0.7:4566", "https://example.com", "http://127.0.0.1.example.com"])(
    "is not touched without a health page elsewhere: %s",
    async (url) => {
      await expect(checkRunningEndpoint(url, answers(null))).rejects.toThrow(
        `AWS_ENDPOINT_URL is ${url}. It is not on this machine and has no health page of MiniStack or LocalStack, so npm start does not use it.`,
      );
    },
  );

  it.each([
    "https://sqs.eu-west-1.amazonaws.com",
    "https://amazonaws.com",
    "https://dynamodb.cn-north-1.amazonaws.com.cn",
    "https://sqs.us-east-1.api.aws",
  ])("is refused unasked when it is the real AWS: %s", async (url) => {
    await expect(checkRunningEndpoint(url, neverAsked)).rejects.toThrow(
      `AWS_ENDPOINT_URL is ${url}, the real AWS`,
    );
  });

  it("has to answer", async () => {
    const refused = async () => {
      throw new TypeError("fetch failed", {
        cause: Object.assign(new Error("x"), { code: "ECONNREFUSED" }),
      });
    };

    await expect(checkRunningEndpoint("http://127.0.0.1:4566", refused)).rejects.toThrow(
      "AWS_ENDPOINT_URL is http://127.0.0.1:4566, but nothing answers there (ECONNREFUSED). Start that emulator, or unset the variable: npm start then starts its own.",
    );
  });

  it.each(["4566", "localhost:4566", "file:///tmp"])("has to be a web address: %s", async (url) => {
    await expect(checkRunningEndpoint(url, neverAsked)).rejects.toThrow(
      `AWS_ENDPOINT_URL is "${url}". It must be the URL of a running emulator`,
    );
  });
});
