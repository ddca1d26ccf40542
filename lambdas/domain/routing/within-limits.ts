import { PUBLISHED_TEXT } from "../../settings/routes.ts";
import type { GapNotice, InvestigationGapNotice } from "./gap-notice.ts";
import type { PublishedEvent } from "./published-event.ts";

/*
 * Nothing that is published is as large as one call of the bus takes, whatever Alloy and others put into their texts:
 * the texts of an event, each of its characters six bytes as an escape, are 180 KB; those of a gap, 170 KB.
 */

/** Ends a text that was cut. */
const CUT = "…";

/** Cuts a text that is longer than this many UTF-16 code units, and not through a character. */
export function cutText(text: string, mostUnits: number): string {
  if (text.length <= mostUnits) return text;
  const kept = text.slice(0, mostUnits - CUT.length);
  return `${/[\ud800-\udbff]$/.test(kept) ? kept.slice(0, -1) : kept}${CUT}`;
}

/** The event with each of its texts as long as `PUBLISHED_TEXT` says; the very same when none of them is longer. */
export function eventWithinLimits(event: PublishedEvent): PublishedEvent {
  const scissors = new Scissors();
  const { node, externalIds } = event;
  const cut: PublishedEvent = {
    ...event,
    applicationToken: scissors.cut(event.applicationToken),
    journeyToken: scissors.cut(event.journeyToken),
    journeyName: scissors.cut(event.journeyName),
    eventType: scissors.cutType(event.eventType),
    outcome: scissors.cut(event.outcome),
    entityToken: scissors.cut(event.entityToken),
    entityApplicationToken: scissors.cut(event.entityApplicationToken),
    node: { id: scissors.cut(node.id), type: scissors.cut(node.type) },
    externalIds: {
      group: scissors.cutId(externalIds.group),
      entity: scissors.cutId(externalIds.entity),
      partner: scissors.cutId(externalIds.partner),
      application: scissors.cutId(externalIds.application),
    },
    ...(event.chain !== undefined && {
      chain: {
        root: scissors.cut(event.chain.root),
        previous: scissors.cut(event.chain.previous),
        rerunBy: scissors.cut(event.chain.rerunBy),
        rootGroup: scissors.cut(event.chain.rootGroup ?? null),
      },
    }),
    ...(event.entities !== undefined && {
      entities: event.entities.map(({ token, externalId }) => ({
        token,
        externalId: externalId === null ? null : scissors.cutType(externalId),
      })),
    }),
    ...(event.investigation !== undefined && {
      investigation: {
        ...event.investigation,
        status: scissors.cutType(event.investigation.status),
        type: scissors.cut(event.investigation.type),
        outcome: scissors.cut(event.investigation.outcome),
      },
    }),
  };
  return scissors.haveCut ? cut : event;
}

/** The same for a notice of a gap. */
export function noticeWithinLimits(notice: GapNotice): GapNotice {
  const scissors = new Scissors();
  const { externalIds } = notice;
  const cut: GapNotice = {
    ...notice,
    ...frameWithin(notice, scissors),
    applicationToken: scissors.cutText(notice.applicationToken),
    journeyToken: scissors.cut(notice.journeyToken),
    journeyName: scissors.cut(notice.journeyName),
    externalIds: {
      group: scissors.cutId(externalIds.group),
      partner: scissors.cutId(externalIds.partner),
      application: scissors.cutId(externalIds.application),
    },
  };
  return scissors.haveCut ? cut : notice;
}

/** The same for that of an Investigation. */
export function investigationNoticeWithinLimits(
  notice: InvestigationGapNotice,
): InvestigationGapNotice {
  const scissors = new Scissors();
  const cut = { ...notice, ...frameWithin(notice, scissors) };
  return scissors.haveCut ? cut : notice;
}

function frameWithin({ events, evidence }: InvestigationGapNotice | GapNotice, scissors: Scissors) {
  return {
    events: events.map((event) => ({ ...event, eventType: scissors.cutType(event.eventType) })),
    evidence: scissors.cutText(evidence),
  };
}

/** Cuts texts, and knows whether it has. */
class Scissors {
  haveCut = false;

  cut(text: string | null): string | null {
    return text === null ? null : this.cutText(text);
  }

  cutText(text: string, mostUnits: number = PUBLISHED_TEXT.mostUnits): string {
    const cut = cutText(text, mostUnits);
    if (cut !== text) this.haveCut = true;
    return cut;
  }

  cutId(id: string | null): string | null {
    return id === null ? null : this.cutText(id, PUBLISHED_TEXT.mostIdUnits);
  }

  cutType(text: string): string {
    return this.cutText(text, PUBLISHED_TEXT.mostTypeUnits);
  }
}
