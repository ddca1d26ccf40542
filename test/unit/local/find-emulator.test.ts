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

const endpoint = "http://127.0.0.1:4566/";
const programOnPath = async () => ["/bin/ministack"] as const;
const python = async () => "/bin/python3";
const docker = async () => "/bin/docker";
const failing = (error: Error) => async (): Promise<never> => {
  throw error;
};
const noWheel = failing(new LocalFailure("pip found no wheel"));

describe("finding the emulator", () => {
  it.each<[string, Partial<EmulatorProbes>, object, readonly string[]]>([
    [
      "the running one that AWS_ENDPOINT_URL names, and looks no further",
      { endpoint, programOnPath },
      { kind: "running", endpoint: "http://127.0.0.1:4566" },
      ["endpoint"],
    ],
    [
      "the one on the path before any Python",
      { programOnPath, python },
      { kind: "program", command: ["/bin/ministack"], from: "on the path" },
      ["path"],
    ],
    [
      "one of its own when there is a Python",
      { python, docker },
      { kind: "program", command: OURS },
      ["path", "python", "install"],
    ],
    [
      "Docker when there is no Python",
      { docker },
      { kind: "docker", docker: "/bin/docker" },
      ["path", "python", "docker"],
    ],
    [
      "Docker when the Python cannot install it",
      { python, installedBy: noWheel, docker },
      { kind: "docker" },
      ["path", "python", "install", "docker"],
    ],
  ])("takes %s", async (_, has, source, looks) => {
    const { probes, looked } = aMachine(has);

    expect(await findEmulator(probes)).toMatchObject(source);
    expect(looked).toEqual(looks);
  });

  it("starts no emulator of its own when the running one cannot be used", async () => {
    const checkEndpoint = failing(new LocalFailure("nothing answers there"));
    const { probes, looked } = aMachine({ endpoint, checkEndpoint, docker });

    await expect(findEmulator(probes)).rejects.toThrow("nothing answers there");
    expect(looked).toEqual(["endpoint"]);
  });

  it("says in one sentence what to install when there is neither Python nor Docker", async () => {
    const found = findEmulator(aMachine().probes);

    await expect(found).rejects.toThrow(NoEmulator);
    await expect(found).rejects.toThrow(
      "The emulator needs Python 3.10 or newer with its venv module, or Docker. Install one of them and run the command again.",
    );
  });

  it("says why the Python did not do when there is no Docker either", async () => {
    const { probes } = aMachine({ python, installedBy: noWheel });

    await expect(findEmulator(probes)).rejects.toThrow(
      "pip found no wheel (Docker would work too, but no Docker answers.)",
    );
  });

  it("hides no fault of its own behind Docker", async () => {
    const installedBy = failing(new TypeError("a bug"));
    const { probes } = aMachine({ python, installedBy, docker });

    await expect(findEmulator(probes)).rejects.toThrow(TypeError);
  });
});
