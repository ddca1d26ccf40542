import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { installEmulator } from "../../../tools/local/emulator/virtual-environment.ts";

let base = "";
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "venv-"));
  return () => rmSync(base, { recursive: true });
});

/** A Python that notes what it is asked, makes a folder for `-m venv`, and does with pip what it is told. */
function aPython(pip = "exit 0"): string {
  const file = join(base, "python3");
  const script = `#!/bin/sh
echo "$2" >> ${base}/asked
case "$2" in
  venv) mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
  pip) ${pip} ;;
esac`;
  writeFileSync(file, script);
  chmodSync(file, 0o755);
  return file;
}

const asked = () =>
  existsSync(join(base, "asked"))
    ? readFileSync(join(base, "asked"), "utf8").trim().split("\n")
    : [];

function install(python: string, announced: string[] = []) {
  return installEmulator(python, {
    folder: join(base, "emulator"),
    env: { PATH: process.env["PATH"] },
    announce: (line) => announced.push(line),
  });
}

describe("the emulator's virtual environment", () => {
  it("is made once", async () => {
    const python = aPython();

    const command = await install(python);
    await install(python);

    expect(command).toEqual([
      join(base, "emulator/bin/python"),
      expect.stringMatching(/\/tools\/local\/emulator\/serve_emulator\.py$/),
    ]);
    expect(asked()).toEqual(["venv", "pip"]);
  });

  it("is made once for two that want it at the same time, and neither gets it half made", async () => {
    // Slow, and broken where somebody else has removed the folder meanwhile.
    const python = aPython(`sleep 0.5; test -d ${join(base, "emulator/bin")}`);

    const commands = await Promise.all([install(python), install(python)]);

    expect(asked()).toEqual(["venv", "pip"]);
    for (const [interpreter] of commands) expect(existsSync(interpreter)).toBe(true);
  });

  it("is made anew when it was left half made", async () => {
    const python = aPython();
    mkdirSync(join(base, "emulator/bin"), { recursive: true });
    writeFileSync(join(base, "emulator/bin/python"), "");
    const announced: string[] = [];

    await install(python, announced);

    expect(asked()).toEqual(["venv", "pip"]);
    expect(announced[0]).toBe(
      "The virtual environment of the emulator is incomplete or outdated. Making a new one.",
    );
  });

  it("is made anew when the Python it was made from is gone", async () => {
    const python = aPython();
    await install(python);
    rmSync(join(base, "emulator/bin/python"));

    await install(python);

    expect(asked()).toEqual(["venv", "pip", "venv", "pip"]);
  });

  it("is made anew by the run after one that failed", async () => {
    const failed = install(aPython("echo 'ERROR: no matching distribution'; exit 1"));
    await expect(failed).rejects.toThrow(
      'The emulator could not be installed: pip says "ERROR: no matching distribution"; is the Python package index reachable?',
    );

    await install(aPython());

    expect(asked()).toEqual(["venv", "pip", "venv", "pip"]);
  });
});
