import { jsonForSqs } from "../../lambdas/domain/event/envelope.ts";
import type { MemoryCloud } from "../../tools/cloud-in-memory/cloud.ts";
import { randomFor } from "./knobs.ts";
import type { Knob, Knobs } from "./knobs.ts";
import type { Observer } from "./observer.ts";
import type { Surroundings } from "./sandbox.ts";
import type { TrueApplication, TrueEvent } from "./scenario-application.ts";
import type { Scenario } from "./scenario-type.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

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

/** `ops adopt` and `ops forget`, as far as the stack sees them. */
export function startSettingApart(
  { applications }: Scenario,
  { clock, story }: Surroundings,
  options: {
    readonly cloud: MemoryCloud;
    readonly observer: Observer;
    readonly onQueued: () => void;
  },
): void {
  const { cloud, observer, onQueued } = options;
  for (const { token, journeyToken, adoptedAt, forgottenAt } of applications) {
    if (adoptedAt < Number.POSITIVE_INFINITY) {
      clock.at(adoptedAt, () => {
        story.tell("operator", `adopts ${token}`);
        cloud.events.send(
          jsonForSqs({
            v: 1,
            kind: "submission",
            receiptId: `adopt-${token}`,
            receivedAt: clock.now(),
            submission: { journey_application_token: token, journey_token: journeyToken },
            adoption: { at: adoptedAt, publishes: false },
          }),
        );
        onQueued();
      });
    }
    if (forgottenAt < Number.POSITIVE_INFINITY) {
      clock.at(forgottenAt, () => {
        // The tool says that it is unknown.
        if (!cloud.applications.applications.has(token)) return;
        story.tell("operator", `has ${token} forgotten`);
        cloud.applications.forget(token, clock.now());
        observer.forgotten.set(token, clock.now());
      });
    }
  }
}
