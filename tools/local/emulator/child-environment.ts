import { tmpdir } from "node:os";
import { delimiter } from "node:path";
import { PINNED_NODE_FOLDER } from "../paths.ts";

/**
 * The environment of what we start, made from nothing: the emulator hands its own to the Lambdas, so a
 * profile, a key or a proxy of the person's shell must not be in it. No call may leave for the real AWS.
 *
 * @param own - the person's environment; only where programs and home are is taken from it.
 */
export function childEnvironment(
  own: Readonly<Record<string, string | undefined>>,
  extra: Readonly<Record<string, string>> = {},
): Record<string, string> {
  return {
    PATH: [PINNED_NODE_FOLDER, own["PATH"] ?? "/usr/bin:/bin"].join(delimiter),
    HOME: own["HOME"] ?? tmpdir(),
    TMPDIR: own["TMPDIR"] ?? tmpdir(),
    LANG: own["LANG"] ?? "C.UTF-8",
    ...extra,
  };
}
