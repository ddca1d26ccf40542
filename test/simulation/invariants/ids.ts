import { isDamaged, isHandled } from "../scenario/expectations.ts";
import type { Seen } from "./seen.ts";
import type { TrueApplication } from "../scenario/application.ts";

/** What Alloy says of an application's external ids stands above what the onboarding service announced. */
export function judgeIds(application: TrueApplication, { scenario, cloud, observer }: Seen): void {
  const { token, journeyToken, versions, events } = application;
  if (!isHandled(scenario, journeyToken) || isDamaged(application)) return;
  const state = cloud.applications.applications.get(token)?.state;
  const isHeard = events.some(({ ids }) => ids.some((id) => cloud.applications.events.has(id)));
  const response = versions[0]?.response;
  if (state === undefined || response === undefined || !isHeard) return;
  const { group, partner } = state.externalIds;
  const pairs = [
    ["group", group, response["external_group_id"]],
    ["partner", partner, response["external_partner_id"]],
  ] as const;
  for (const [name, kept, atAlloy] of pairs) {
    if (isSame(kept, atAlloy)) continue;
    observer.violate(
      "lost",
      `${token} is kept with the ${name} ${kept}, and is ${String(atAlloy)}`,
    );
  }
}

function isSame(kept: string | null, atAlloy: unknown): boolean {
  const text = typeof atAlloy === "number" ? String(atAlloy) : atAlloy;
  // Where Alloy says nothing, anybody else's word stands.
  return typeof text !== "string" || text.trim() === "" || kept === text;
}
