import { isDeepStrictEqual } from "node:util";

import * as v from "valibot";

import { GapNoticeSchema, InvestigationGapNoticeSchema } from "../../../events/gap-notice.ts";
import { EventError, parseDetail } from "../../../events/parse-event.ts";
import { RoutedEventSchema } from "../../../events/published-event.ts";
import type { Seen } from "./seen.ts";

/** Whatever is on the bus, a consumer reads by the package's parser, and each of its fields is named by the schema. */
export function judgeReadable({ cloud, observer }: Pick<Seen, "cloud" | "observer">): void {
  const { published, notices, investigationNotices } = cloud.bus;
  for (const [schema, details] of [
    [RoutedEventSchema, published],
    [GapNoticeSchema, notices],
    [InvestigationGapNoticeSchema, investigationNotices],
  ] as const) {
    for (const detail of details) {
      const fault = faultOf(schema, detail);
      if (fault !== null) observer.violate("lost", `Readers lose an event: ${fault}`);
    }
  }
}

function faultOf(schema: v.GenericSchema, detail: unknown): string | null {
  try {
    parseDetail(detail);
  } catch (error) {
    if (error instanceof EventError) return error.message;
    throw error;
  }
  // Its output has what it names alone; a text that is too long fails it, and not the parser.
  const { success, output } = v.safeParse(schema, detail);
  if (success && isDeepStrictEqual(output, detail)) return null;
  return `a field is not in the schema, or its text is too long: ${JSON.stringify(detail)}`;
}
