import type { DueApplications } from "../domain/polling/polling-ports.ts";
import { POLLER } from "../settings/limits.ts";
import type { MessageLogger } from "../telemetry/powertools-logger.ts";
import type { AlloyCaller, AskedApplication } from "./alloy-caller.ts";

/** What the last application that Alloy knew says of a run that knew nobody; `none`: there is no such application. */
export type Testimony = "known" | "not-known" | "none";

/**
 * The witness: an application that Alloy knew, kept for the runs in which it seems to know nobody. If Alloy still
 * knows that one, the others are unknown by themselves; if not, our key or our address is the wrong one.
 */
export interface Witnesses {
  /** Alloy knew it just now. */
  keep(application: AskedApplication): Promise<void>;
  /** Asks for the witness, or says what it was found to be less than `POLLER.witnessMs` ago. */
  testify(caller: AlloyCaller): Promise<Testimony>;
}

export function makeWitnesses(dependencies: {
  readonly applications: Pick<DueApplications, "witness" | "keepWitness">;
  readonly logger: MessageLogger;
  /** Epoch milliseconds. */
  readonly now: () => number;
}): Witnesses {
  const { applications, logger, now } = dependencies;
  let keptAt: number | null = null;

  return {
    async keep({ applicationToken, journeyToken }) {
      if (keptAt !== null && now() - keptAt < POLLER.witnessKeptMs) return;
      keptAt = now();
      try {
        await applications.keepWitness({ applicationToken, journeyToken, knownAt: now() });
      } catch (error) {
        logger.warn("poller.witness.unkept", { reason: reasonOf(error) });
      }
    },
    async testify(caller) {
      try {
        return await testimonyOf(caller);
      } catch (error) {
        logger.warn("poller.witness.unkept", { reason: reasonOf(error) });
        // Nobody is given up by a run that could not find out.
        return "not-known";
      }
    },
  };

  async function testimonyOf(caller: AlloyCaller): Promise<Testimony> {
    const witness = await applications.witness();
    if (witness === null) return "none";
    const { askedAt, knownAt } = witness;
    if (askedAt !== null && now() - askedAt < POLLER.witnessMs) {
      return knownAt >= askedAt ? "known" : "not-known";
    }
    const at = now();
    const { kind } = await caller.ask(witness, 1);
    if (kind === "stopped") return "not-known";
    const isKnown = caller.hasKnown();
    await applications.keepWitness({ askedAt: at, ...(isKnown && { knownAt: now() }) });
    return isKnown ? "known" : "not-known";
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
