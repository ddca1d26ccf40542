import { entityIdsIn } from "../reconciliation/alloy-application.ts";
import { environmentOfFlag } from "./environment.ts";
import { isJsonObject, objectIn } from "./external-json.ts";
import { FreeTexts, readRequiredToken, readToken } from "./external-text.ts";
import type { Environment } from "./journey-event.ts";
import type { Submission } from "../application/observation.ts";
import { readTime } from "./plausible-time.ts";

/**
 * Reads what the onboarding service announced: Alloy's answer to Create as it is, or the few fields
 * of docs/contracts.md#submissions. Nothing but the application's token is required: the rest Alloy's own answer tells.
 *
 * @param heardAt - epoch milliseconds; the submission's time where it names none, or a later one.
 * @param isAdopted - the application existed before: where no time is named, none is known.
 * @returns the reason instead, without a value of the submission's, when it names no application.
 */
export function parseSubmission(
  detail: unknown,
  heardAt: number,
  isAdopted = false,
):
  | {
      readonly submission: Submission;
      /** By its flag `sandbox`, which Alloy's answer to Create has; null when it does not say. */
      readonly environment: Environment | null;
      /** How many of its texts were cut. */
      readonly cutTexts: number;
    }
  | { readonly reason: string } {
  if (!isJsonObject(detail)) return { reason: "the submission is no JSON object" };
  const applicationToken = readRequiredToken(detail["journey_application_token"]);
  if (applicationToken === null) {
    return { reason: "the submission lacks or mistypes: journey_application_token" };
  }
  // Alloy's own answer to Create has the Journey's token only there.
  const embedded = objectIn(detail, "_embedded");
  const { journey_token: journeyToken } = objectIn(embedded, "journey");
  const texts = new FreeTexts();
  const createdAt = readTime(detail["created_at"]);
  const submission = {
    applicationToken,
    journeyToken: readToken(detail["journey_token"]) ?? readToken(journeyToken),
    // Nothing is announced before it is submitted; a gap must not wait for a time that lies ahead.
    submittedAt: createdAt === null && isAdopted ? null : Math.min(createdAt ?? heardAt, heardAt),
    externalIds: {
      group: texts.id(detail["external_group_id"]),
      partner: texts.id(detail["external_partner_id"]),
      application: texts.id(detail["external_application_id"]),
    },
    ...entityIdsIn(embedded),
  };
  return {
    submission,
    environment: environmentOfFlag(detail["sandbox"]),
    cutTexts: texts.cut,
  };
}
