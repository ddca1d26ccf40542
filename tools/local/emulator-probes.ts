import type { EmulatorProbes } from "./find-emulator.ts";
import { findDocker, findMiniStack, findPython } from "./programs.ts";
import { checkRunningEndpoint } from "./running-endpoint.ts";
import { installEmulator, pinnedVersion } from "./virtual-environment.ts";

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
      const program = await findMiniStack(path, await pinnedVersion());
      return program === null ? null : [program];
    },
    python: () => findPython(path),
    // The person's own environment: pip's index, proxy and certificates may be set in it.
    installedBy: (python) => installEmulator(python, { env: environment, announce, signal }),
    docker: () => findDocker(path),
  };
}
