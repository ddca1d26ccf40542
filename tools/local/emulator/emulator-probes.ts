import type { EmulatorProbes } from "./find-emulator.ts";
import { findDocker, findMiniStack, findPython } from "./programs.ts";
import { checkRunningEndpoint } from "./running-endpoint.ts";
import { installEmulator, pinnedVersion, serveCommand } from "./virtual-environment.ts";

/** The real probes of this machine. */
export function emulatorProbes(
  environment: Readonly<Record<string, string | undefined>>,
  announce: (line: string) => void,
  signal: AbortSignal,
): EmulatorProbes {
  const path = environment["PATH"] ?? "";
  return {
    endpoint: environment["AWS_ENDPOINT_URL"],
    checkEndpoint: (url) => checkRunningEndpoint(url),
    programOnPath: async () => {
      const python = await findMiniStack(path, await pinnedVersion());
      return python === null ? null : serveCommand(python);
    },
    python: () => findPython(path),
    // The person's own environment: pip's index, proxy and certificates may be set in it.
    installedBy: (python) => installEmulator(python, { env: environment, announce, signal }),
    docker: () => findDocker(path),
  };
}
