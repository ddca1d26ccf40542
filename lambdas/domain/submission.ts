import * as v from "valibot";

import type { Submission } from "./observation.ts";

const token = v.pipe(v.string(), v.nonEmpty());
const text = v.nullish(v.string(), null);

const time = v.union([
  v.pipe(v.number(), v.integer()),
  v.pipe(
    v.string(),
    v.isoTimestamp(),
    v.transform((iso) => Date.parse(iso)),
  ),
]);

const SubmissionSchema = v.object({
  journey_application_token: token,
  journey_token: v.optional(token),
  created_at: v.nullish(time, null),
  external_group_id: text,
  external_partner_id: text,
  external_application_id: text,
  // Alloy's own answer to Create has the Journey's token only here.
  _embedded: v.optional(v.object({ journey: v.optional(v.object({ journey_token: token })) })),
});

/**
 * Reads what the onboarding service announced: Alloy's answer to Create as it is, or the few fields
 * of design 2.6.
 *
 * @param heardAt - epoch milliseconds; the submission's time where it names none.
 */
export function parseSubmission(
  detail: unknown,
  heardAt: number,
): { readonly submission: Submission } | { readonly reason: string } {
  const parsed = v.safeParse(SubmissionSchema, detail);
  if (!parsed.success) {
    const where = parsed.issues.map((issue) => v.getDotPath(issue) ?? "the whole").join(", ");
    return { reason: `the submission lacks or mistypes: ${where}` };
  }
  const { output } = parsed;
  const journeyToken = output.journey_token ?? output._embedded?.journey?.journey_token;
  if (journeyToken === undefined) return { reason: "the submission lacks: journey_token" };
  return {
    submission: {
      applicationToken: output.journey_application_token,
      journeyToken,
      submittedAt: output.created_at ?? heardAt,
      externalIds: {
        group: output.external_group_id,
        partner: output.external_partner_id,
        application: output.external_application_id,
      },
    },
  };
}
