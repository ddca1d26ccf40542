import { describe, expect, it } from "vitest";
import { INCIDENT_NAMES } from "../../../tools/local/incident-names.ts";
import { parseOptions } from "../../../tools/local/terminal/options.ts";

const KEY = { ALLOY_API_TOKEN: "token", ALLOY_API_SECRET: "secret" };

describe("the options of npm start", () => {
  it("stays up, plays the simulator and runs 600 times as fast when nothing is asked for", () => {
    const options = parseOptions([], {});

    expect(options).toEqual({
      once: false,
      inProcess: false,
      outputsFile: null,
      timeScale: 600,
      alloy: { kind: "simulator" },
      incident: null,
    });
  });

  it("takes every option of the design", () => {
    const args = ["--once", "--in-process", "--outputs", "out.json", "--time-scale", "60"];

    const options = parseOptions(args, {});

    expect(options).toEqual({
      once: true,
      inProcess: true,
      outputsFile: "out.json",
      timeScale: 60,
      alloy: { kind: "simulator" },
      incident: null,
    });
  });

  it("takes a given Alloy with the API key of the environment", () => {
    const options = parseOptions(["--alloy-url", "http://127.0.0.1:9/v1/"], KEY);

    expect(options).toMatchObject({
      alloy: { kind: "given", baseUrl: "http://127.0.0.1:9/v1", token: "token", secret: "secret" },
    });
  });

  it("names all that is missing of a given Alloy's API key", () => {
    const parse = () => parseOptions(["--alloy-url", "https://sandbox.alloy.co/v1"], {});

    expect(parse).toThrow("Set ALLOY_API_TOKEN and ALLOY_API_SECRET.");
  });

  it.each([
    [
      ["--time-scale", "fast"],
      "Option '--time-scale <n>' argument 'fast' is invalid. It must be a number of at least 1",
    ],
    [["--time-scale", "0.5"], "argument '0.5' is invalid"],
    [["--alloy-url", "sandbox"], '--alloy-url is "sandbox". It must be the base URL'],
    [["--alloy-url", "ftp://alloy/v1"], '--alloy-url is "ftp://alloy/v1"'],
    [["--once", "--alloy-url", "http://127.0.0.1:9/v1"], "Use only one of the two"],
    [["--incident", "fire"], "It must be one of lost-webhooks, wrong-secret, poison"],
    [["--incident", "--once"], "--incident needs the emulator"],
    [["--onse"], "Unknown option '--onse'"],
    [["now"], "Too many arguments. Expected 0 arguments but got 1: now."],
  ])("says what is wrong with %j", (args, sentence) => {
    const parse = () => parseOptions(args, KEY);

    expect(parse).toThrow(sentence);
  });

  it("takes an incident by its name, and one by chance without it", () => {
    const chosen = Array.from({ length: 200 }, () => parseOptions(["--incident"], {}));

    expect(parseOptions(["--incident", "poison"], {})).toMatchObject({ incident: "poison" });
    expect(
      new Set(chosen.map((options) => ("incident" in options ? options.incident : null))),
    ).toEqual(new Set(INCIDENT_NAMES));
  });

  it("gives help when asked", () => {
    expect(parseOptions(["--help"], {})).toEqual({
      help: expect.arrayContaining([expect.stringMatching(/--alloy-url <url>/)]),
    });
  });
});
