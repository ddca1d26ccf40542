import { toJsonSchema } from "@valibot/to-json-schema";

import { EVENT_TYPES, isDecisive } from "../../lambdas/domain/event-types.ts";
import type { EventMeaning } from "../../lambdas/domain/event-types.ts";
import { routeFor } from "../../lambdas/domain/route.ts";
import { ROUTE_IDS, ROUTE_TITLES } from "../../lambdas/settings.ts";
import type { RouteId } from "../../lambdas/settings.ts";
import { BANNED } from "../words/banned.ts";
import { GapNoticeSchema, InvestigationGapNoticeSchema } from "./gap-notice-schema.ts";
import { limitsTable } from "./limits-table.ts";
import { dimensionsTable, metricsTable } from "./metrics-table.ts";
import { PublishedEventSchema } from "./published-event-schema.ts";

/** The parts of the documents that are made from the code, by page and by name. */
export const GENERATED: Readonly<Record<string, Readonly<Record<string, () => string>>>> = {
  "CONTRIBUTING.md": { words },
  "docs/statuses.md": { "event-types": eventTypes },
  "docs/metrics.md": { metrics: metricsTable, dimensions: dimensionsTable },
  "docs/pitfalls.md": { limits: limitsTable },
  "docs/events.md": {
    routes,
    schema: () => schemaOf(PublishedEventSchema),
    "gap-notice": () => schemaOf(GapNoticeSchema),
    "investigation-gap-notice": () => schemaOf(InvestigationGapNoticeSchema),
  },
};

/**
 * A page with its generated parts made anew.
 *
 * @throws Error when the page has no place for one of them.
 */
export function withGenerated(page: string, text: string): string {
  const parts = Object.entries(GENERATED[page] ?? {}).map(
    ([name, make]) => [name, make()] as const,
  );
  return withParts(page, text, Object.fromEntries(parts));
}

/**
 * A page with these parts, by name, between their marks.
 *
 * @throws Error when the page has no place for one of them.
 */
export function withParts(
  page: string,
  text: string,
  parts: Readonly<Record<string, string>>,
): string {
  return Object.entries(parts).reduce((result, [name, part]) => {
    const [begin, end] = [`<!-- generated: ${name} -->`, `<!-- end of ${name} -->`];
    const [from, to] = [result.indexOf(begin), result.indexOf(end)];
    if (from < 0 || to < from) {
      throw new Error(`${page} has no place for "${name}": it wants ${begin} … ${end}.`);
    }
    return `${result.slice(0, from)}${begin}\n\n${part}\n\n${result.slice(to)}`;
  }, text);
}

function words(): string {
  const rows = BANNED.map(({ forms, use }) => `| ${forms.join(", ")} | ${use} |`);
  return ["| Not | But |", "|---|---|", ...rows].join("\n");
}

function eventTypes(): string {
  const rows = Object.entries(EVENT_TYPES).map(([type, { level, meaning }]) => {
    const status = statusOfMeaning(type, meaning);
    return `| \`${type}\` | ${level} | ${meaning.kind} | ${status} | ${routesOf(type)} |`;
  });
  return [
    "| Event type | Level | Meaning | Status | Route |",
    "|---|---|---|---|---|",
    ...rows,
  ].join("\n");
}

function statusOfMeaning(type: string, meaning: EventMeaning): string {
  const { kind } = meaning;
  switch (kind) {
    case "progress":
      return `\`${meaning.status}\``;
    case "final":
      return isDecisive(type) ? `\`${meaning.status}\`` : "as Alloy answers";
    case "reopening":
      return "as Alloy answers";
    case "rerun":
    case "note":
      return "unchanged";
  }
}

function routesOf(type: string): string {
  const outcomes = ["Approved", "Denied", null];
  const names = new Set(outcomes.map((outcome) => routeFor({ type, outcome }, {})));
  return [...names].map((route) => `\`${route}\``).join(", ");
}

const WHEN: Readonly<Record<RouteId, string>> = {
  approved: "the application is completed, its outcome `Approved`, in any case of letters",
  denied: "the application is completed, its outcome `Denied`, in any case of letters",
  "manual-review": "an agent has to decide",
  "needs-action": "the applicant or you have to do something",
  errored: "the application ended in an error",
  expired: "the application expired",
  completed: "the application is completed, with another outcome or none",
  superseded: "a rerun was started: another application takes its place",
  progressed: "anything else that happened to an application",
  unrecognised: "something that Alloy's documentation does not know",
  other: "a webhook of another family of Alloy's: reviews, evaluations, …",
  "investigation-created": "an Investigation was created",
  "investigation-promoted": "an Investigation was promoted to a case",
  "investigation-closed": "an Investigation was closed",
};

function routes(): string {
  const rows = ROUTE_IDS.map(
    (route) => `| \`${route}\` | ${ROUTE_TITLES[route]} | ${WHEN[route]} |`,
  );
  return ["| Route | `DetailType` | When |", "|---|---|---|", ...rows].join("\n");
}

function schemaOf(schema: Parameters<typeof toJsonSchema>[0]): string {
  const json = toJsonSchema(schema, { errorMode: "ignore" });
  return ["```json", JSON.stringify(json, null, 2), "```"].join("\n");
}
