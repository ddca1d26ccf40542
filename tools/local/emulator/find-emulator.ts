import { LocalFailure } from "../failure.ts";
import type { EmulatorHealth } from "./running-endpoint.ts";

/** Where the emulator comes from. */
export type EmulatorSource =
  | { readonly kind: "running"; readonly endpoint: string; readonly health: EmulatorHealth }
  | { readonly kind: "program"; readonly command: Command; readonly from: string }
  | { readonly kind: "docker"; readonly docker: string };

/** A program and its arguments. */
export type Command = readonly [string, ...string[]];

/** What the search looks at, in its order; each is asked only when those before it had nothing. */
export interface EmulatorProbes {
  /** `AWS_ENDPOINT_URL`, when it is set. */
  readonly endpoint: string | undefined;
  /** @throws LocalFailure when the endpoint cannot be used. */
  checkEndpoint(url: string): Promise<EmulatorHealth>;
  /** A `ministack` on the path that is new enough. */
  programOnPath(): Promise<Command | null>;
  /** A Python of at least 3.10. */
  python(): Promise<string | null>;
  /** The emulator in a virtual environment of our own, installed if need be. @throws LocalFailure */
  installedBy(python: string): Promise<Command>;
  /** A Docker whose daemon answers. */
  docker(): Promise<string | null>;
}

/**
 * Finds the emulator: a running one, one on the path, one in a virtual environment of our own, one in
 * Docker.
 *
 * @throws LocalFailure saying what to install when none can be had, or why the one that was named cannot be used.
 */
export async function findEmulator(probes: EmulatorProbes): Promise<EmulatorSource> {
  if (probes.endpoint) {
    const health = await probes.checkEndpoint(probes.endpoint);
    return { kind: "running", endpoint: probes.endpoint.replace(/\/+$/, ""), health };
  }
  const onPath = await probes.programOnPath();
  if (onPath !== null) return { kind: "program", command: onPath, from: "on the path" };

  const python = await probes.python();
  let whyNotPython: string | null = null;
  if (python !== null) {
    try {
      const command = await probes.installedBy(python);
      return { kind: "program", command, from: "installed in .local/emulator" };
    } catch (error) {
      // Docker may still do; without it, this is what helps.
      if (!(error instanceof LocalFailure)) throw error;
      whyNotPython = error.message;
    }
  }
  const docker = await probes.docker();
  if (docker !== null) return { kind: "docker", docker };
  throw new NoEmulator(
    whyNotPython === null
      ? "The emulator needs Python 3.10 or newer with its venv module, or Docker. Install one of them and run the command again."
      : `${whyNotPython} (Docker would work too, but no Docker answers.)`,
  );
}

/** Nothing that an emulator could run on is installed. */
export class NoEmulator extends LocalFailure {}
