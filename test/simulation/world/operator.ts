import { encodeEnvelope, jsonForSqs } from "../../../lambdas/domain/event/envelope.ts";
import type { Deliveries } from "../../../tools/alloy-simulator/deliveries.ts";
import type { World } from "./world.ts";
import { HOUR, MINUTE } from "../../../tools/cloud-in-memory/clock.ts";

/** How often somebody looks whether Alloy has switched the webhook off. */
const LOOK_MS = 6 * HOUR;
/** A replay comes this long after its event, at most: the longest span that an operator may replay is a week. */
const LATEST_REPLAY_MS = 30 * HOUR;

/** The person on call: switches the webhook on again, redrives what is dead-lettered, replays. */
export function startOperator(
  { clock, faults, story, scenario, cloud, observer, faultFreeAt, onQueued }: World,
  deliveries: Deliveries,
): void {
  let replays = 0;

  for (let at = clock.now() + LOOK_MS; at < faultFreeAt; at += LOOK_MS) {
    clock.at(at, () => {
      switchOn();
      if (faults.draw("operator.redrive", ["redriven-early"]) !== null) redrive();
    });
  }
  // Alloy's own last attempts come within a day; what they bring can be dead-lettered once more.
  for (const after of [1 * MINUTE, 2 * HOUR, 25 * HOUR, 27 * HOUR]) {
    clock.at(faultFreeAt + after, () => {
      switchOn();
      redrive();
    });
  }
  for (const event of scenario.events) {
    clock.at(event.at, () => {
      const fault = faults.draw("operator.replay", ["replayed"], event.name);
      if (fault === null) return;
      clock.after(Math.round(fault.amount * LATEST_REPLAY_MS), () => {
        const [record] = event.ids.flatMap((id) => cloud.applications.events.get(id) ?? []);
        if (record === undefined || record.payloadKey !== null) return;
        replays += 1;
        story.tell("operator", `replays ${event.name}`);
        const sentAt = clock.now();
        cloud.events.send(
          encodeEnvelope({
            v: 1,
            kind: "replay",
            receiptId: `replay-${replays}`,
            receivedAt: sentAt,
            body: new TextDecoder().decode(record.body),
            payloadKey: null,
            sourceIp: null,
          }),
        );
        onQueued();
      });
    });
  }

  function switchOn(): void {
    if (deliveries.isActive()) return;
    story.tell("operator", "switches the webhook on again");
    deliveries.setActive(true);
  }

  function redrive(): void {
    const moved = cloud.deadLetters.redriveTo(cloud.events);
    if (moved === 0) return;
    story.tell("operator", `redrives ${moved}`);
    observer.tallies.redriven += moved;
    onQueued();
  }
}

/** `ops adopt` and `ops forget`, as far as the stack sees them. */
export function startSettingApart({
  clock,
  story,
  scenario: { applications },
  cloud,
  observer,
  onQueued,
}: World): void {
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
