import * as v from "valibot";

import { about } from "./fields.ts";

/** What the onboarding service gives an application of its own; Alloy takes numbers too. */
const ownId = v.exactOptional(v.nullable(v.union([v.string(), v.number()])));

/**
 * The `Detail` by which an onboarding service announces a submission: Alloy's answer to Create as it is, or these fields of
 * it (docs/submissions.md). The stack reads it, and never publishes it.
 */
export const SubmissionSchema = v.object({
  journey_application_token: v.pipe(v.string(), v.nonEmpty()),
  journey_token: v.exactOptional(v.nullable(v.string())),
  created_at: about(
    "Epoch milliseconds, or ISO 8601 with its zone; without it the time of the event counts.",
    v.exactOptional(v.nullable(v.union([v.number(), v.string()]))),
  ),
  external_group_id: ownId,
  external_partner_id: ownId,
  external_application_id: ownId,
});

export type Submission = v.InferOutput<typeof SubmissionSchema>;
