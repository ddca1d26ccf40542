import { describe, expect, it } from "vitest";
import { childEnvironment } from "../../../tools/local/emulator/child-environment.ts";
import { dockerCommand, IMAGE } from "../../../tools/local/emulator/emulator.ts";
import { pollerPace } from "../../../tools/local/emulator/poller-pace.ts";
import { isAtLeast } from "../../../tools/local/emulator/programs.ts";
import { pinnedVersion } from "../../../tools/local/emulator/virtual-environment.ts";

describe("the emulator", () => {
  it("is the same version from PyPI and from Docker", async () => {
    expect(IMAGE).toBe(`ministackorg/ministack:${await pinnedVersion()}`);
  });

  it("shares the machine's network in Docker on Linux, and publishes nothing", () => {
    const command = dockerCommand("/bin/docker", 20_000, true);

    expect(command).toEqual(expect.arrayContaining(["--network", "host", "BIND_HOST=127.0.0.1"]));
    expect(command).not.toContain("--publish");
  });

  it("is published on 127.0.0.1 alone where Docker is a virtual machine", () => {
    const command = dockerCommand("/bin/docker", 20_000, false);

    expect(command).toEqual(
      expect.arrayContaining(["--publish", "127.0.0.1:20000:20000", "BIND_HOST=0.0.0.0"]),
    );
  });

  it("gets nothing of the person's environment but where programs and home are", () => {
    const environment = childEnvironment(
      {
        PATH: "/usr/bin",
        HOME: "/home/me",
        AWS_PROFILE: "production",
        HTTPS_PROXY: "http://proxy",
      },
      { GATEWAY_PORT: "20000" },
    );

    expect(Object.keys(environment).sort()).toEqual([
      "GATEWAY_PORT",
      "HOME",
      "LANG",
      "PATH",
      "TMPDIR",
    ]);
    expect(environment["PATH"]).toMatch(/node_modules\/\.bin:\/usr\/bin$/);
  });

  it.each([
    ["1.5.33", true],
    ["1.10.0", true],
    ["2.0", true],
    ["1.5.4", false],
    ["1.4.99", false],
  ])("of version %s is new enough for 1.5.33: %s", (version, expected) => {
    expect(isAtLeast(version, "1.5.33")).toBe(expected);
  });
});

describe("the poller's pace besides its schedule", () => {
  it.each([
    [600, 2_000],
    [60, 5_000],
    [10, 30_000],
  ])("at %i times the speed is %i ms", (timeScale, paceMs) => {
    expect(pollerPace(timeScale)).toBe(paceMs);
  });

  it.each([1, 5])("is none at %i times the speed: the schedule ticks as often", (timeScale) => {
    expect(pollerPace(timeScale)).toBeNull();
  });
});
