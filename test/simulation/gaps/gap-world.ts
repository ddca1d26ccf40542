import type { GapStage } from "../../../lambdas/settings/metrics.ts";
import { GapWatch } from "./gap-watch.ts";
import { GAP_KNOBS, knobsOf } from "../scenario/knobs.ts";
import type { KnobChoice } from "../scenario/knobs.ts";
import { firstDifference, ledgerOf } from "../play/ledger.ts";
import type { PlantedGap, Trouble } from "./planted-gap.ts";
import { plantGap } from "./planted-gap.ts";
import { scenarioOf } from "../scenario/scenario.ts";
import { NO_FAULTS } from "../play/run-seed.ts";
import type { Story } from "../faults/story.ts";
import { playWorld } from "../play/play-world.ts";

/** What became of a planted gap. */
export interface FoundGap {
  readonly trouble: Trouble;
  /** What the notice said, and what was the case; null: nobody was told. */
  readonly blamed: { readonly said: GapStage; readonly was: GapStage } | null;
  /** Whether somebody was told within two poll periods of the application. */
  readonly isInTime: boolean;
  readonly isHealed: boolean;
  /** What was not as it should be; none: found in time, blamed right, healed, and nobody else accused. */
  readonly faults: readonly string[];
}

/** What a seed said of gaps. */
export interface GapResult {
  readonly seed: number;
  /** Null: none of its events can have its trouble. */
  readonly planted: FoundGap | null;
  /** Gaps that were told of although nothing was missing: in the same world without trouble, and beside it. */
  readonly falseGaps: number;
  readonly story: Story | null;
}

/** Plays a seed's world twice: without any trouble, and with its planted gap. */
export async function playGap(seed: number, choice: KnobChoice = GAP_KNOBS): Promise<GapResult> {
  const scenario = scenarioOf(seed, { knobs: knobsOf(seed, choice) });
  const faultFree = await playWorld(scenario, { only: NO_FAULTS });
  const falseGaps = faultFree.cloud.bus.notices.length;
  const planted = plantGap(scenario);
  if (planted === null) return { seed, planted: null, falseGaps, story: null };

  const watch = new GapWatch(scenario, planted);
  const result = await playWorld(scenario, {
    only: NO_FAULTS,
    faultPoints: watch.faultPoints(),
    incident: watch.incident(),
    isWithheld: (event) => planted.trouble === "withheld" && event === planted.victim,
  });
  const kept = result.cloud.applications.applications.get(planted.victim.application.token);
  const difference = firstDifference(ledgerOf(faultFree, result.heard), ledgerOf(result));
  const faults = [
    ...result.violations
      // Of a merge that is lost: it was said that the application has ended.
      .filter(({ kind }) => planted.trouble !== "not-applied" || kind !== "regressed")
      .map(({ sentence }) => sentence)
      .filter((sentence) => !isTheTroubleItself(planted, sentence)),
    ...watch.accused.map((token) => `${token} is said to be in gap, and is not`),
    ...(difference === null ? [] : [`the ledger says ${difference}`]),
    ...(kept?.gap === null ? [] : ["the gap is still open in the end"]),
    ...watch.faults(),
  ];
  return {
    seed,
    planted: {
      trouble: planted.trouble,
      blamed: watch.found,
      isInTime: watch.isInTime(),
      isHealed: difference === null && kept?.gap === null,
      faults,
    },
    falseGaps: falseGaps + watch.accused.length,
    story: result.story,
  };
}

/** Whether the world complains of what was planted in it. */
function isTheTroubleItself({ trouble, refusal, victim }: PlantedGap, sentence: string): boolean {
  if (trouble === "refused" || trouble === "refused-for-minutes") {
    return (
      sentence.endsWith(`was answered ${refusal}, and could have been stored`) ||
      (refusal === 401 && sentence.endsWith("was refused, and its credential is live"))
    );
  }
  if (trouble === "failing") return sentence.endsWith("back, and nothing was in its way");
  if (trouble === "not-applied") {
    // The merge that is lost had put down that the end was published. So an answer that moves away and back confirms the end
    // as one that was withheld, and has it published again, under its own id: whoever has it already takes it for a repetition.
    return (
      sentence.startsWith(`${victim.name} is published by each of `) ||
      (sentence.startsWith(`${victim.application.token} ended as `) &&
        sentence.includes(", and was told of as "))
    );
  }
  return (
    trouble === "poisoned" &&
    sentence.startsWith(victim.name) &&
    sentence.endsWith("left the queue, and is not recorded")
  );
}
