import { describe, expect, it } from "vitest";

import { readCommandLine } from "../../../tools/alloy-simulator/options.ts";

describe("readCommandLine", () => {
  it("reads everything that the simulator takes", () => {
    const read = readCommandLine(
      [
        "--port 8080 --webhook-url http://127.0.0.1:1/x --webhook-host h",
        "--hmac shared --api-token t --api-secret a --api-secret b",
        "--time-scale 60 --attempt-limit 0.5 --live --stable-request-token",
        "--scenario denied --scenario vendor-error --once",
      ].flatMap((line) => line.split(" ")),
    );

    expect(read).toEqual({
      scenarios: ["denied", "vendor-error"],
      isEverythingPlayed: false,
      endsAfterPlaying: true,
      simulator: {
        port: 8080,
        webhookUrl: "http://127.0.0.1:1/x",
        webhookHost: "h",
        credential: { kind: "hmac", secret: "shared" },
        apiKey: { token: "t", secrets: ["a", "b"] },
        timeScale: 60,
        attemptLimitMs: 500,
        requestTokenPer: "event",
        sendsEventToken: false,
        environment: "live",
      },
    });
  });

  it("keeps what stands after the first colon as the password", () => {
    const read = readCommandLine(["--basic", "user:pa:ss"]);

    expect(read).toMatchObject({
      simulator: { credential: { kind: "basic", username: "user", password: "pa:ss" } },
    });
  });

  it.each([
    [["--port", "x"], /--port is "x"; it wants a whole number from 0 to 65535/],
    [["--port", "1.5"], /--port is "1.5"/],
    [["--time-scale", "0"], /--time-scale is "0"; it wants a number from 0.001 to 1000000/],
    [["--basic", "halfapassword"], /wants <user>:<password>/],
    [["--basic", "a:b", "--hmac", "c"], /exclude each other/],
    [["--hmac", ""], /--hmac is empty/],
    [["--once"], /--once needs something to play/],
    [["--bogus"], /--bogus/],
    [Array.from({ length: 6 }, () => "--api-secret=x"), /was given 6 times; Alloy lets 5/],
  ])("refuses %j with the reason", (args, reason) => {
    expect(() => readCommandLine(args)).toThrow(reason);
  });

  it("does not repeat half a password in its error", () => {
    expect(() => readCommandLine(["--basic", "halfapassword"])).not.toThrow(/halfapassword/);
  });
});
