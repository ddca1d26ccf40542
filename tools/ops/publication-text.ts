import type { TimelineEvent } from "./timeline-schema.ts";

/** What came out of an event, as a person reads it. */
export function publicationText(publication: TimelineEvent["publication"]): string {
  const { state, route, number, acknowledgedAt, why } = publication;
  switch (state) {
    case "published": {
      const as = number === null ? "" : ` as number ${number}`;
      const at = acknowledgedAt === null ? "" : `, acknowledged ${acknowledgedAt}`;
      return `published → ${route}${as}${at}`;
    }
    case "pending":
      return `being published → ${route}`;
    case "failed":
      return `not published → ${route} yet: see its failure`;
    case "not-published":
      return `not published: ${why ?? "-"} (route ${route})`;
    case "unknown":
      return `perhaps published → ${route}: its number is stored apart`;
  }
}
