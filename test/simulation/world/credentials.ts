import type { WebhookCredential } from "../../../tools/alloy-simulator/webhook.ts";
import type { World } from "./world.ts";
import { MINUTE } from "../../../tools/cloud-in-memory/clock.ts";

/** A mismatch has the secret read again, at most once per 10 s and sandbox (docs/contracts.md#credentials); and clocks differ. */
const KNOWN_AFTER_MS = 15_000;

/** How Alloy proves itself, what the secret says, and the change of both. */
export function startCredentials({ clock, faults, story, scenario, cloud }: World) {
  const { auth, rotation } = scenario;
  let uses = 1;
  let live: readonly number[] = [1];
  let liveSince = Number.NEGATIVE_INFINITY;
  write();
  if (rotation !== null) {
    const fault = faults.draw("credentials.rotation", ["rotated-too-early"]);
    const early = fault === null ? 0 : 15 * MINUTE + Math.round(fault.amount * 30 * MINUTE);
    if (fault !== null) story.tell("operator", "FAULT rotated-too-early");
    clock.at(rotation.switchAt - early, () => {
      story.tell("Alloy", "uses the new credential");
      uses = 2;
    });
    clock.at(rotation.addAt, () => {
      story.tell("operator", "adds the new credential");
      live = [1, 2];
      liveSince = clock.now();
      write();
    });
    clock.at(rotation.removeAt, () => {
      story.tell("operator", "removes the old credential");
      live = [2];
      write();
    });
  }

  return {
    credential: (): WebhookCredential =>
      auth === "basic"
        ? { kind: "basic", username: "alloy", password: passwordOf(uses) }
        : { kind: "hmac", secret: keyOf(uses) },
    /** Whether the one that Alloy uses has been live long enough to be known everywhere. */
    isKnown: () => live.includes(uses) && (uses === 1 || clock.now() - liveSince > KNOWN_AFTER_MS),
  };

  function write(): void {
    cloud.webhookSecret.put(
      JSON.stringify(
        auth === "basic"
          ? { basic: live.map((n) => ({ username: "alloy", password: passwordOf(n) })), hmac: [] }
          : { basic: [], hmac: live.map(keyOf) },
      ),
    );
  }
}

// Long enough for ingest to take them.
const passwordOf = (n: number) => `password-${n}-of-this-world`;
const keyOf = (n: number) => `key-${n}-of-this-world`;
