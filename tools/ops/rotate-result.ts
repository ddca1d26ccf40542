import type { Known } from "./credential-history.ts";
import type { Probed } from "./probe.ts";
import type { Credential, ResultOf } from "./results.ts";

type Result = ResultOf<"rotate">;

/** What an action reports; it has no value of an entry in it. */
export function resultOf(
  action: Result["action"],
  known: readonly Known[],
  more: {
    readonly changed?: Credential;
    readonly probes?: readonly Probed[];
    readonly file?: string | null;
  } = {},
): Result {
  return {
    action,
    entries: known.map(({ credential }) => credential),
    changed: more.changed ?? null,
    probes: (more.probes ?? []).map(({ entry, state, answer }) => ({
      entry,
      isTaken: state === "taken",
      answer,
    })),
    file: more.file ?? null,
  };
}
