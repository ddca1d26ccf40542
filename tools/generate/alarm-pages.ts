import { readFileSync } from "node:fs";

import { ROUTE_IDS, ROUTE_TITLES } from "../../lambdas/settings/routes.ts";
import type { RouteId } from "../../lambdas/settings/routes.ts";
import { INCIDENT_ALARMS } from "../../lib/alarms/alert-topics.ts";
import type { AnnouncedAlarm } from "../../lib/alarms/alert-topics.ts";
import { EXAMPLE_PRODUCTION } from "../../lib/config/default-stages.ts";
import { pascalCase } from "../../lib/pascal-case.ts";
import { alarmPrices } from "../cost/count-template.ts";
import { synthesise } from "../template/synthesise.ts";
import type { Parts } from "./parts.ts";

/** An alarm with its price, in USD a month: a tenth for each metric that it reads. */
type PricedAlarm = AnnouncedAlarm & { readonly usd: number };

/** What it means for people when a route does not deliver. */
const UNDELIVERED: Readonly<Record<RouteId, string>> = {
  approved: "Approved people do not get their accounts.",
  denied: "Denied people are not informed, or get an account that they should not have.",
  "manual-review": "Nobody starts the reviews.",
  "needs-action": "Nobody asks the applicants for the documents that Alloy requests.",
  errored: "Nobody handles applications that ended in an error.",
  expired: "Expired applications stay open.",
  completed: "Nobody handles applications that ended with an outcome of your own.",
  superseded: "The team still acts on the old application of a rerun.",
  progressed: "Its view of the applications' progress stays old.",
  unrecognised: "Nobody looks at event types that are new at Alloy.",
  other: "Nobody handles Alloy's webhooks of other products.",
  "investigation-created": "Nobody starts work on a new Investigation.",
  "investigation-promoted": "The team handles a case as if it were an alert.",
  "investigation-closed":
    "An Investigation that Alloy has closed stays open in the team's systems.",
  decided: "Nobody learns why an application was approved or denied.",
};

/** The alarms that a list of targets brings; a stage without one has none of them. */
const TARGET_PAGES = [
  ["target-failing", "target-failing-<route>-<name>"],
  ["target-retried", "target-retried-<route>-<name>"],
  ["route-paused", "route-paused"],
] as const;

/** The runbooks of the routes, by their paths: one template, `route-failing.md` beside this file. */
export function routeRunbooks(): readonly (readonly [page: string, text: string])[] {
  const template = readFileSync(new URL("route-failing.md", import.meta.url), "utf8");
  return ROUTE_IDS.map((route) => [
    `docs/runbooks/route-failing-${route}.md`,
    template
      .replaceAll("{route}", route)
      .replaceAll("{Route}", pascalCase(route))
      .replaceAll("{title}", ROUTE_TITLES[route])
      .replaceAll("{impact}", UNDELIVERED[route]),
  ]);
}

/** The tables of alarms, and the first sentences of each alarm's own runbook, by page. */
export function alarmParts(): readonly (readonly [page: string, parts: Parts])[] {
  const template = synthesise({
    ...EXAMPLE_PRODUCTION,
    investigations: "on",
    encryption: "customer-managed",
  });
  const { alarms } = template;
  const prices = alarmPrices(template);
  const priced = alarms.map((alarm) => ({
    ...alarm,
    usd: prices.get(`AlloyJourneyWebhooks-${template.stage.stage}-${alarm.id}`) ?? 0,
  }));
  const usdOfRoute = priced.find(({ id }) => isOfRoute(id))?.usd ?? 0;
  const usdOfUnread = priced.find(({ id }) => id.startsWith("route-unread-"))?.usd ?? 0;
  const own = priced.filter(({ id, runbook }) => id === runbook && !isOfRoute(id));
  return [
    [
      "docs/alerts.md",
      {
        pages: pagesTable(own, usdOfRoute),
        tickets: ticketsTable(own, usdOfUnread),
        reasons: reasonsTable(own),
      },
    ],
    ...own.map(
      ({ runbook, fact, impact }) =>
        [`docs/runbooks/${runbook}.md`, { fact, impact: capitalised(impact) }] as const,
    ),
  ];
}

/** What wakes somebody. The alarms that come once for each route have one row. */
function pagesTable(alarms: readonly PricedAlarm[], usdOfRoute: number): string {
  const routes = ROUTE_IDS.map((id) => linkTo(`route-failing-${id}`, id));
  return [
    tableOf(alarms.filter((alarm) => !isTicket(alarm))),
    `| \`route-failing-<route>\`: ${routes.join(" ")} | the team behind the route does not receive its events. | ${usdOfRoute.toFixed(2)} each |`,
  ].join("\n");
}

/** What waits until the morning, and the alarms that only some stages have. */
function ticketsTable(alarms: readonly PricedAlarm[], usdOfUnread: number): string {
  const targets = TARGET_PAGES.map(([page, id]) => linkTo(page, `\`${id}\``));
  return [
    tableOf(alarms.filter(isTicket)),
    `| ${linkTo("route-unread", "`route-unread-<route>`")} | events wait in the queue of a route, and its team does not read them. | ${usdOfUnread.toFixed(2)} each |`,
    "",
    `Of a [rule](notifications.md), with the severity that the rule names: ${linkTo("notification", "`notification-<name>`")}. Of [targets](targets.md#alarms): ${targets.join(", ")}.`,
  ].join("\n");
}

function tableOf(alarms: readonly PricedAlarm[]): string {
  const rows = alarms.map(({ id, impact, usd }) => {
    const isPart = INCIDENT_ALARMS.some((one) => one === id);
    return `| ${linkTo(id, `\`${id}\``)}${isPart ? " *" : ""} | ${impact} | ${usd.toFixed(2)} |`;
  });
  return [
    "| Alarm and its runbook | What it means for people | USD a month |",
    "|---|---|---:|",
    ...rows,
  ].join("\n");
}

/** Why each rings at what it rings. */
function reasonsTable(alarms: readonly AnnouncedAlarm[]): string {
  const rows = alarms.map(
    ({ id, fact, because }) => `| ${linkTo(id, `\`${id}\``)} | ${fact} | ${capitalised(because)} |`,
  );
  return ["| Alarm | Rings when | Why then |", "|---|---|---|", ...rows].join("\n");
}

function isTicket({ severity }: AnnouncedAlarm): boolean {
  return severity === "ticket";
}

function isOfRoute(id: string): boolean {
  return id.startsWith("route-failing-");
}

function linkTo(runbook: string, text: string): string {
  return `[${text}](runbooks/${runbook}.md)`;
}

function capitalised(sentence: string): string {
  return `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}`;
}
