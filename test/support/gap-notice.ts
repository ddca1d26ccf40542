import type { GapNotice, InvestigationGapNotice } from "../../lambdas/domain/routing/gap-notice.ts";

/** What the bus is told of a gap that opened. */
export const A_GAP_NOTICE: GapNotice = {
  version: 1,
  gapId: "gap",
  change: "opened",
  environment: "sandbox",
  applicationToken: "JA-1",
  journeyToken: "J-1",
  journeyName: null,
  externalIds: { group: null, partner: null, application: null },
  stage: "rejected",
  since: "2026-11-23T20:00:00.000Z",
  detectedAt: "2026-11-23T20:10:00.000Z",
  closedAt: null,
  durationMs: null,
  eventCount: 0,
  events: [],
  evidence: "why",
};

const { applicationToken: _, journeyToken: __, journeyName: ___, ...frame } = A_GAP_NOTICE;
const { externalIds: ____, ...whose } = frame;

/** The same of an Investigation. */
export const AN_INVESTIGATION_GAP_NOTICE: InvestigationGapNotice = {
  ...whose,
  investigationToken: "INV-1",
};
