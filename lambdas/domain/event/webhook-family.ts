import type { JsonObject } from "./external-json.ts";
import { readText } from "./external-text.ts";
import type { Environment } from "./journey-event.ts";

/*
 * Alloy names a webhook's family in the envelope's `type`: `update:journeyapplications:sandbox`,
 * `create:reviews:is_entity`. How it spells that of live Journeys is not documented.
 */

/** Whether a `type` is that of Journey events, however its words are set apart, and in any case of letters. */
export function isJourneyFamily(type: string): boolean {
  const letters = type.toLowerCase().replaceAll(/[^a-z]/g, "");
  return /^(?:create|update)?journeyapplications?/.test(letters);
}

const ENVIRONMENTS: Readonly<Record<string, Environment>> = {
  sandbox: "sandbox",
  live: "live",
  production: "live",
};

/** The environment that a `type` ends with; null when it does not say one. */
export function environmentOf(type: string): Environment | null {
  const [lastWord = ""] = /(?<![a-z])[a-z]*$/.exec(type.trim().toLowerCase()) ?? [];
  return ENVIRONMENTS[lastWord] ?? null;
}

/** What other families are known by, and no Journey event is. */
const TOKENS_OF_OTHERS = ["review_token", "investigation_token"] as const;

/** Whether a webhook's `data` is that of a review or an investigation, which may name a Journey too. */
export function belongsToAnotherFamily(data: JsonObject): boolean {
  return TOKENS_OF_OTHERS.some((name) => readText(data[name]) !== null);
}
