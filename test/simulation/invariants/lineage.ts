import type { PublishedEvent } from "../../../lambdas/domain/routing/published-event.ts";
import { isDamaged, isHandled } from "../scenario/expectations.ts";
import type { TrueApplication } from "../scenario/application.ts";
import type { Seen } from "./seen.ts";

/**
 * The numbers of an application's effects: each effect has one, the same however often it is published, and no two effects
 * have one. Numbers only go back where the state that keeps them does.
 */
export function judgeSequence({ token }: TrueApplication, { observer }: Seen): void {
  const numbers = new Map<string, number>();
  const effects = new Map<number, string>();
  for (const { event } of [...observer.publicationsAbout(token), ...observer.decisions]) {
    const { applicationToken, eventId, sequence } = event;
    // A release before this one numbers nothing.
    if (applicationToken !== token || sequence === undefined) continue;
    if (sequence === null) {
      observer.violate("lost", `${token} has the effect ${eventId} without a number`);
      continue;
    }
    const known = numbers.get(eventId);
    if (known !== undefined && known !== sequence) {
      observer.violate(
        "regressed",
        `${token} has the effect ${eventId} as ${known} and ${sequence}`,
      );
    }
    const other = effects.get(sequence) ?? eventId;
    if (other !== eventId) {
      observer.violate(
        "regressed",
        `${token} has two effects as ${sequence}: ${other}, ${eventId}`,
      );
    }
    numbers.set(eventId, sequence);
    effects.set(sequence, eventId);
  }
}

/**
 * A rerun names what it is a rerun of, and nothing else, whichever side said it first; and all of it once its last check
 * found nothing to take over.
 */
export function judgeChain(
  application: TrueApplication,
  { scenario, cloud, observer }: Seen,
): void {
  const { token, journeyToken, rerunOf, versions } = application;
  if (!isHandled(scenario, journeyToken) || isDamaged(application)) return;
  for (const { event } of observer.publicationsAbout(token)) {
    for (const named of neighboursIn(event)) {
      if (named === rerunOf) continue;
      observer.violate("regressed", `${token} is published as a rerun of ${named}`);
    }
  }
  const kept = cloud.applications.applications.get(token);
  const rerun = versions.at(-1)?.response._embedded.rerun ?? null;
  if (kept === undefined || kept.settledAt === null || rerun === null) return;
  const said: Readonly<Record<string, unknown>> = { ...rerun };
  const { previous, root, rerunBy } = kept.state.chain;
  const pairs = [
    [previous, said["previous_journey_application_token"]],
    [root, said["root_journey_application_token"]],
    [rerunBy, said["initiated_by"]],
  ] as const;
  if (pairs.every(([register, atAlloy]) => register?.token === atAlloy)) return;
  const tokens = pairs.map(([register]) => register?.token ?? "nobody").join(", ");
  observer.violate("lost", `${token} is settled, and is kept as a rerun of ${tokens}`);
}

function neighboursIn({ chain }: PublishedEvent): readonly string[] {
  return [chain?.previous, chain?.root].filter((one) => typeof one === "string");
}
