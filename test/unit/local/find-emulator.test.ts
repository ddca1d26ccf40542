import { describe, expect, it } from "vitest";
import { LocalFailure } from "../../../tools/local/failure.ts";
import { findEmulator, NoEmulator } from "../../../tools/local/emulator/find-emulator.ts";
import type { Command, EmulatorProbes } from "../../../tools/local/emulator/find-emulator.ts";

const OURS: Command = [".local/python", "serve_emulator.py"];

/** A machine on which nothing is installed, but for what the test names; it notes what was looked at. */
function aMachine(has: Partial<EmulatorProbes> = {}) {
  const looked: string[] = [];
  const note =
    <Arguments extends unknown[], Result>(name: string, probe: (...args: Arguments) => Result) =>
    (...args: Arguments) => {
      looked.push(name);
      return probe(...args);
    };
  const probes: EmulatorProbes = {
    endpoint: has.endpoint,
    checkEndpoint: note(
      "endpoint",
      has.checkEndpoint ?? (async () => ({ name: "MiniStack" as const, version: "1.5.33" })),
    ),
    programOnPath: note("path", has.programOnPath ?? (async () => null)),
    python: note("python", has.python ?? (async () => null)),
    installedBy: note("install", has.installedBy ?? (async () => OURS)),
    docker: note("docker", has.docker ?? (async () => null)),
  };
  return { probes, looked };
}

describe("finding the emulator", () => {
  it("takes the running one that AWS_ENDPOINT_URL names, and looks no further", async () => {
    const { probes, looked } = aMachine({
      endpoint: "http://127.0.0.1:4566/",
      programOnPath: async () => ["/bin/ministack"],
    });

    const source = await findEmulator(probes);

    expect(source).toMatchObject({ kind: "running", endpoint: "http://127.0.0.1:4566" });
    expect(looked).toEqual(["endpoint"]);
  });

  it("starts no emulator of its own when the running one cannot be used", async () => {
    const { probes, looked } = aMachine({
      endpoint: "http://127.0.0.1:4566",
      checkEndpoint: async () => {
        throw new LocalFailure("nothing answers there");
      },
      docker: async () => "/bin/docker",
    });

    await expect(findEmulator(probes)).rejects.toThrow("nothing answers there");
    expect(looked).toEqual(["endpoint"]);
  });

  it("takes the one on the path before any Python", async () => {
    const { probes, looked } = aMachine({
      programOnPath: async () => ["/bin/ministack"],
      python: async () => "/bin/python3",
    });

    const source = await findEmulator(probes);

    expect(source).toEqual({ kind: "program", command: ["/bin/ministack"], from: "on the path" });
    expect(looked).toEqual(["path"]);
  });

  it("takes one of its own when there is a Python", async () => {
    const { probes } = aMachine({
      python: async () => "/bin/python3",
      docker: async () => "/bin/docker",
    });

    const source = await findEmulator(probes);

    expect(source).toMatchObject({
      kind: "program",
      command: [".local/python", "serve_emulator.py"],
    });
  });

  it("takes Docker when there is no Python", async () => {
    const { probes } = aMachine({ docker: async () => "/bin/docker" });

    const source = await findEmulator(probes);

    expect(source).toEqual({ kind: "docker", docker: "/bin/docker" });
  });

  it("takes Docker when the Python cannot install it", async () => {
    const { probes } = aMachine({
      python: async () => "/bin/python3",
      installedBy: async () => {
        throw new LocalFailure("pip found no wheel");
      },
      docker: async () => "/bin/docker",
    });

    const source = await findEmulator(probes);

    expect(source).toMatchObject({ kind: "docker" });
  });

  it("says in one sentence what to install when there is neither Python nor Docker", async () => {
    const { probes } = aMachine();

    const found = findEmulator(probes);

    await expect(found).rejects.toThrow(NoEmulator);
    await expect(found).rejects.toThrow(
      "The emulator needs Python 3.10 or newer with its venv module, or Docker. Install one of them and run the command again.",
    );
  });

  it("says why the Python did not do when there is no Docker either", async () => {
    const { probes } = aMachine({
      python: async () => "/bin/python3",
      installedBy: async () => {
        throw new LocalFailure("pip found no wheel");
      },
    });

    await expect(findEmulator(probes)).rejects.toThrow(
      "pip found no wheel (Docker would work too, but no Docker answers.)",
    );
  });

  it("hides no fault of its own behind Docker", async () => {
    const { probes } = aMachine({
      python: async () => "/bin/python3",
      installedBy: async () => {
        throw new TypeError("a bug");
      },
      docker: async () => "/bin/docker",
    });

    await expect(findEmulator(probes)).rejects.toThrow(TypeError);
  });
});
