import { randomFor } from "./knobs.ts";
import type { Knob, Knobs } from "./knobs.ts";
import type { TrueApplication, TrueEvent } from "./application.ts";
import { HOUR } from "../../../tools/cloud-in-memory/clock.ts";

/** Under these nobody could say what has to become of an adopted application, or it would be another one's fate too. */
const HINDERED: readonly Knob[] = [
  "api-refuses-all",
  "api-refuses-some",
  "revoked-key",
  "damaged-item",
  "bad-application",
  "dead-route",
  "previous-release",
];

/** Draws which application existed before and is adopted while it goes on, and which one a person has forgotten. */
export function setApart(
  seed: number,
  knobs: Knobs,
  applications: readonly TrueApplication[],
): void {
  if (HINDERED.some((knob) => knobs.has(knob))) return;
  // A rerun shares the adoption of its original, and is another application to `forget`.
  const rerun = new Set(applications.map(({ rerunOf }) => rerunOf));
  const application = applications.find(
    ({ token, rerunOf, isForeign, isShadow }) =>
      rerunOf === null && !rerun.has(token) && !isForeign && !isShadow,
  );
  if (application === undefined) return;
  const until = (application.events.at(-1)?.at ?? application.createdAt) + HOUR;
  const draw = (knob: Knob) => randomFor(seed, knob).between(application.createdAt, until);
  if (knobs.has("adopted-application")) application.adoptedAt = draw("adopted-application");
  if (knobs.has("forgotten-application")) application.forgottenAt = draw("forgotten-application");
}

/** Nobody has enabled the webhook yet when it happens. */
export function isBeforeAdoption({ at, application: { adoptedAt } }: TrueEvent): boolean {
  return adoptedAt < Number.POSITIVE_INFINITY && at < adoptedAt;
}
