import { ROUTE_IDS } from "../../../lambdas/settings/routes.ts";
import { fitted, Painted } from "../../terminal/lines.ts";
import type { Line } from "../../terminal/lines.ts";
import type { Verdict } from "../scenarios/verdict.ts";

interface Column {
  readonly head: string;
  readonly width: number;
  readonly align?: "right";
}

/** Together 112 characters, so that a terminal of 120 holds them. */
const COLUMNS: readonly Column[] = [
  { head: "verdict", width: 9 },
  { head: "scenario", width: 27 },
  { head: "at Alloy", width: 18 },
  { head: "here", width: 18 },
  { head: "events at Alloy", width: 15, align: "right" },
  { head: "received", width: 8, align: "right" },
  { head: "healed", width: 6, align: "right" },
];
/** The second line of an entry: what of it is below which column. */
const SECOND_HEAD = ["application", "published, by route"] as const;
const GAP = "  ";
/** Below the scenario. */
const INDENT = " ".repeat(9 + GAP.length);
const RULE = "─".repeat(COLUMNS.reduce((sum, { width }) => sum + width + GAP.length, -GAP.length));

/**
 * The table of all verdicts: what Alloy has, what is here, how many events each has and how many were
 * healed; below each what was published, by route, and what is wrong.
 */
export function renderTable(verdicts: readonly Verdict[]): readonly Line[] {
  const head = [row(COLUMNS.map((column) => column.head)), secondLine(...SECOND_HEAD)];
  const rule = [new Painted("dim", RULE)];
  return [
    rule,
    ...head.map((text) => [new Painted("bold", text)]),
    rule,
    ...verdicts.flatMap(entry),
    rule,
  ];
}

function entry(verdict: Verdict): readonly Line[] {
  const { alloy, here, received, healed, faults } = verdict;
  const good = faults.length === 0;
  const [mark = "", ...rest] = [
    good ? "✔ agrees" : "✘ differs",
    alloy.scenario,
    standing(alloy),
    here === null ? "unknown" : standing(here),
    String(alloy.eventIds.length),
    String(received),
    String(healed),
  ].map(fit);
  return [
    [new Painted(good ? "green" : "red", mark), GAP, rest.join(GAP)],
    [new Painted("dim", secondLine(alloy.applicationToken, publishedOf(verdict)))],
    ...faults.map((fault) => [INDENT, new Painted("red", fault)]),
  ];
}

function standing(of: { readonly status: string | null; readonly outcome: string | null }): string {
  return [of.status ?? "unknown", of.outcome].filter((part) => part !== null).join(" ");
}

function publishedOf({ published }: Verdict): string {
  const routes = ROUTE_IDS.filter((route) => published[route] !== undefined);
  return routes.map((route) => `${route} ${published[route]}`).join(", ") || "nothing";
}

/** The application stands below the scenario; what was published takes the rest of the line. */
function secondLine(application: string, published: string): string {
  return INDENT + [fit(application, 1), published].join(GAP);
}

function row(cells: readonly string[]): string {
  return cells.map(fit).join(GAP).trimEnd();
}

/** Fits a text into its column; what is cut off ends with an ellipsis. */
function fit(text: string, index: number): string {
  const { width, align = "left" } = COLUMNS[index] ?? { width: text.length };
  return fitted(text, width, align);
}
