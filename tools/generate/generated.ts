import { EVENT_TYPES, isDecisive } from "../../lambdas/domain/event/event-types.ts";
import type { EventMeaning } from "../../lambdas/domain/event/event-types.ts";
import { routeFor } from "../../lambdas/domain/routing/route.ts";
import { ROUTE_IDS, ROUTE_TITLES } from "../../lambdas/settings/routes.ts";
import type { RouteId } from "../../lambdas/settings/routes.ts";
import { BANNED } from "../words/banned.ts";
import { drawExample, EXAMPLE } from "../dashboard/example.ts";
import { asyncApi } from "./asyncapi.ts";
import { alarmParts, routeRunbooks } from "./alarm-pages.ts";
import { loadParts, playLoad } from "../load/report.ts";
import { costParts, countForPage } from "./cost-page.ts";
import { fixtureFiles } from "./event-fixtures.ts";
import { jsonSchemaOf, jsonText, schemaFiles } from "./event-schemas.ts";
import type { EventSchemaName } from "./event-schemas.ts";
import { limitsTable } from "./limits-table.ts";
import { dimensionsTable, metricsTable } from "./metrics-table.ts";
import { opsSchemaFiles } from "./ops-schemas.ts";
import { withParts } from "./parts.ts";
import type { Parts } from "./parts.ts";
import { peopleTable } from "./people-table.ts";
import { placesTable } from "./places-table.ts";
import { llmsText, runbookList } from "./reading-lists.ts";
import { suppressionsTable } from "./suppressions-table.ts";

const SKILL = "skills/alloy-journey-webhooks-on-call/SKILL.md";

/** The parts of the documents that are made from the code, by page and by name. */
const PARTS: Readonly<Record<string, Readonly<Record<string, () => string>>>> = {
  "CONTRIBUTING.md": { words },
  "docs/people.md": { people: peopleTable },
  "docs/security.md": { suppressions: suppressionsTable },
  "docs/statuses.md": { "event-types": eventTypes },
  "docs/metrics.md": { metrics: metricsTable, dimensions: dimensionsTable },
  "docs/personal-data.md": { places: placesTable },
  "docs/pitfalls.md": { limits: limitsTable },
  "docs/events.md": {
    routes,
    schema: () => schemaOf("event"),
    "gap-notice": () => schemaOf("delivery-gap"),
    "investigation-gap-notice": () => schemaOf("investigation-delivery-gap"),
  },
};

/**
 * All documents that are made from the code, or have parts that are. It takes seconds, because every cost is counted.
 *
 * @param read - what stands in a document now.
 * @returns what has to stand in each document, by its path.
 * @throws Error when a document has no place for one of its parts.
 */
export async function generated(
  read: (page: string) => string,
): Promise<ReadonlyMap<string, string>> {
  const parts = Object.entries(PARTS).map(([page, made]): [string, Parts] => [
    page,
    Object.fromEntries(Object.entries(made).map(([name, make]) => [name, make()])),
  ]);
  const costs = await countForPage();
  const withPlaces = [
    ...parts,
    ...alarmParts(),
    ["docs/cost.md", costParts(costs)] as const,
    ["docs/scale.md", loadParts(playLoad(costs.production.lives))] as const,
  ].map(([page, made]) => [page, withParts(page, read(page), made)] as const);
  // The lists are of the pages as they are made here: one run makes all of them anew.
  const made = new Map<string, string>([...withPlaces, ...routeRunbooks()]);
  const pages = { read: (page: string) => made.get(page) ?? read(page), made: [...made.keys()] };
  return new Map([
    ...made,
    [SKILL, withParts(SKILL, read(SKILL), { runbooks: runbookList(pages) })] as const,
    ["docs/dashboard.svg", drawExample(EXAMPLE)] as const,
    ["llms.txt", llmsText(pages)] as const,
    ...schemaFiles(),
    ...opsSchemaFiles(),
    ["events/asyncapi.json", jsonText(asyncApi())] as const,
    ...(await fixtureFiles()),
  ]);
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
  decided: "Alloy answered how an application ended, and why; where `decision` asks for it",
};

function routes(): string {
  const rows = ROUTE_IDS.map(
    (route) => `| \`${route}\` | ${ROUTE_TITLES[route]} | ${WHEN[route]} |`,
  );
  return ["| Route | `DetailType` | When |", "|---|---|---|", ...rows].join("\n");
}

function schemaOf(name: EventSchemaName): string {
  return ["```json", JSON.stringify(jsonSchemaOf(name), null, 2), "```"].join("\n");
}
