import { ConfigurationError } from "../config/stage-configuration.ts";
import type { StageConfiguration } from "../config/stage-configuration.ts";
import { concurrency } from "./concurrency.ts";
import { expectedVolume } from "./expected-volume.ts";
import { violations } from "./inequality.ts";
import { pollingPace } from "./polling-pace.ts";
import { redelivery } from "./redelivery.ts";
import { timeLimits } from "./time-limits.ts";

/**
 * Proves that the numbers of settings and stage fit each other, before anything is made of them.
 *
 * @throws ConfigurationError with one sentence per inequality that does not hold.
 */
export function prove(stage: StageConfiguration): void {
  const broken = violations([
    ...redelivery(stage),
    ...timeLimits(stage),
    ...pollingPace(stage),
    ...expectedVolume(stage),
    ...concurrency(),
  ]);
  if (broken.length > 0) {
    const sentences = broken.map((sentence) => `Stage ${JSON.stringify(stage.stage)}: ${sentence}`);
    throw new ConfigurationError(sentences.join("\n"));
  }
}
