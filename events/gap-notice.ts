import * as v from "valibot";

import { GAP_STAGES } from "../lambdas/settings/metrics.ts";
import type { Described } from "./fields.ts";
import {
  about,
  environment,
  eventType,
  externalId,
  instant,
  stableId,
  text,
  wholeText,
} from "./fields.ts";

/*
 * The `Detail` of a delivery gap's notice, version 1. At least once, under a stable `gapId`. A field that is added is
 * optional, as in an event's.
 */

const stage = v.picklist(GAP_STAGES);

const FRAME = {
  version: v.literal(1),
  gapId: about("The same in every notice of one gap.", stableId),
  change: about(
    "`moved`: it is at another stage now. `closed`: it has healed; a `late` webhook's had when it was found. `given-up`: Alloy has not known the application for a week, or its Journey is not accepted any more.",
    v.picklist(["opened", "moved", "closed", "given-up"]),
  ),
  environment,
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
    v.array(v.object({ eventId: v.string(), eventType, eventAt: instant, stage })),
  ),
  evidence: about("A sentence: what shows that it stopped there.", wholeText),
} as const;

export const GapNoticeSchema = v.object({
  ...FRAME,
  applicationToken: wholeText,
  journeyToken: text,
  journeyName: text,
  externalIds: v.object({ group: externalId, partner: externalId, application: externalId }),
});

/** The `Detail` of `Journey Application Delivery Gap`. */
export type GapNotice = Described<typeof GapNoticeSchema>;

export const InvestigationGapNoticeSchema = v.object({ ...FRAME, investigationToken: wholeText });

/** The `Detail` of `Investigation Delivery Gap`: as that of an application's gap. */
export type InvestigationGapNotice = Described<typeof InvestigationGapNoticeSchema>;
