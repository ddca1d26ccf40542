import type { AlloyApplication } from "../../../lambdas/domain/reconciliation/alloy-application.ts";
import { DECISION_SETTINGS, DecidedWorld } from "../../support/decided-world.ts";
import type { Mutants } from "./mutant.ts";

type Wrong = ConstructorParameters<typeof DecidedWorld>[2];

/** Plays the world of decisions, and compares the bus with what Alloy decided. */
async function played(wrong: Wrong): Promise<string | null> {
  const world = new DecidedWorld(14, DECISION_SETTINGS, wrong);
  await world.play(60);
  const [first, ...others] = world.wrong();
  if (first === undefined) return null;
  const { token, decisions } = first;
  const published = world.decisionsOnBus(token).length;
  return `${token} made ${decisions.length} decisions, and ${published} are published; ${others.length} more are wrong`;
}

/** What is absent, as if Alloy had said that there is none. */
function withEmptyOutput({ ended, ...rest }: AlloyApplication): AlloyApplication {
  const output = ended?.["terminal_reconciliation_output"] ?? {
    outcome_reasons: [],
    tags: [],
    output_attributes: {},
  };
  return { ...rest, ended: ended && { ...ended, terminal_reconciliation_output: output } };
}

/** What goes wrong with the whole decision. */
export const DECISION_MUTANTS: Mutants = {
  "decision-takes-absent-for-none": {
    what: "an answer that leaves out the reasons is a decision without reasons",
    hunt: (isPlanted) => played(isPlanted ? { read: withEmptyOutput } : {}),
  },
  "decision-is-not-kept": {
    what: "the state does not keep which decision stands",
    hunt: (isPlanted) =>
      played(
        isPlanted
          ? {
              store: (right) => ({
                mergeState: (observation, check) =>
                  right.mergeState({ ...observation, decided: null }, check),
              }),
            }
          : {},
      ),
  },
  "decision-survives-a-reopening": {
    what: "the same outcome after a reopening is taken for the decision before it",
    hunt: (isPlanted) =>
      played(
        isPlanted
          ? {
              store: (right) => ({
                mergeState: ({ decided, ...observation }, check) =>
                  right.mergeState(
                    { ...observation, decided: decided && { ...decided, since: null } },
                    check,
                  ),
              }),
            }
          : {},
      ),
  },
};
