import * as v from "valibot";

import type { GapNotice, InvestigationGapNotice } from "../../lambdas/domain/routing/gap-notice.ts";
import { GAP_STAGES } from "../../lambdas/settings/metrics.ts";
import { about, eventType, externalId, instant, text, wholeText } from "./schema-parts.ts";

const stage = v.picklist(GAP_STAGES);

const frame = {
  version: v.literal(1),
  gapId: about(
    "The same in every notice of one gap.",
    v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/)),
  ),
  change: about(
    "`moved`: it is at another stage now. `given-up`: Alloy has not known the application for a week, or its Journey is not accepted any more.",
    v.picklist(["opened", "moved", "closed", "given-up"]),
  ),
  environment: v.picklist(["sandbox", "live"]),
  stage: about("Of the event that wants a person's attention most.", stage),
  since: about("When the oldest missing event happened at Alloy.", instant),
  detectedAt: instant,
  closedAt: v.nullable(instant),
  durationMs: about(
    "From the oldest missing event to the check that found the gap healed.",
    v.nullable(v.number()),
  ),
  eventCount: about("0 for a submission of which no webhook has come.", v.number()),
  events: about(
    "The first 50 of them.",
    v.array(v.strictObject({ eventId: v.string(), eventType, eventAt: instant, stage })),
  ),
  evidence: about("A sentence: what shows that it stopped there.", wholeText),
} as const;

/** The `Detail` of a delivery gap's notice, for whoever reads it; the compiler holds it to the type. */
export const GapNoticeSchema = v.strictObject({
  ...frame,
  applicationToken: wholeText,
  journeyToken: text,
  journeyName: text,
  externalIds: v.strictObject({ group: externalId, partner: externalId, application: externalId }),
}) satisfies v.GenericSchema<GapNotice>;

/** The same of an Investigation. */
export const InvestigationGapNoticeSchema = v.strictObject({
  ...frame,
  investigationToken: wholeText,
}) satisfies v.GenericSchema<InvestigationGapNotice>;
