import { EXAMPLE_PRODUCTION } from "../../lib/config/default-stages.ts";
import type { StageConfiguration } from "../../lib/config/stage-configuration.ts";
import { synthesise } from "../template/synthesise.ts";
import { picture } from "./picture.ts";
import { simulateDay } from "./simulated-day.ts";
import { DAY, INCIDENT } from "./story.ts";

/** The picture of the README: where the fault of its day began, and who waited. */
export const EXAMPLE = {
  stage: EXAMPLE_PRODUCTION,
  seed: 7,
  sections: ["Processing", "Polling and gaps"],
} as const;

/** Two, so that the dashboard shows how Journeys stand beside each other. */
const JOURNEYS = ["J-VCQoADBJxeHtmdAvFqoS", "J-b9XnKzQ4tWmR2sYpLcEd"];

/** A stage's dashboard after a simulated day. */
export function drawExample({
  stage,
  seed,
  sections,
}: {
  readonly stage: StageConfiguration;
  readonly seed: number;
  readonly sections?: readonly string[];
}): string {
  const configuration = { ...stage, journeys: JOURNEYS };
  return picture(synthesise(configuration), simulateDay(configuration, seed), {
    minutes: DAY,
    ...(sections !== undefined && { sections }),
    caption: `A simulated day: somebody stopped the consumer at ${clock(INCIDENT.from)}, and started it at ${clock(INCIDENT.to)}.`,
  });
}

function clock(minute: number): string {
  return `${Math.floor(minute / 60)}:${String(minute % 60).padStart(2, "0")}`;
}
