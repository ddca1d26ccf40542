import * as v from "valibot";

import { timelineOf } from "../ops/timeline.ts";
import type { Laptop } from "./laptop.ts";
import { atAlloyOf, dotsOf, rowOf, unreadRow } from "./rows.ts";
import type { AlloySide, ConsoleSource, Listed } from "./source.ts";
import type { ConsoleVerbs } from "./verbs.ts";
import type { Chosen, Overview, Row, RowPage } from "./view.ts";

/** What a console is made of. */
export interface ConsoleParts {
  readonly source: ConsoleSource;
  /** Null: Alloy cannot be asked from here. */
  readonly alloy: AlloySide | null;
  readonly laptop: Laptop | null;
  readonly verbs: ConsoleVerbs | null;
  readonly now: () => number;
}

/** A path of the API. What it throws as an OperatorError is for the person. */
export type Route =
  | { readonly reach: "read"; answer(asked: URLSearchParams): Promise<unknown> }
  | { readonly reach: "write"; answer(body: unknown): Promise<unknown> };

/** A screen of rows, and one above and below it. */
const ROWS_MOST = 200;

/** Reads of one page that run side by side. */
const ROWS_AT_ONCE = 16;

const whole = v.pipe(v.string(), v.regex(/^\d{1,9}$/), v.transform(Number));
const Range = v.object({
  offset: v.optional(whole, "0"),
  limit: v.optional(v.pipe(whole, v.minValue(1), v.maxValue(ROWS_MOST)), "50"),
});
const token = v.pipe(v.string(), v.nonEmpty(), v.maxLength(300));
const OfToken = v.object({ token });

/** The paths of the API. */
export function makeRoutes(
  parts: ConsoleParts,
  { canWrite }: { readonly canWrite: boolean },
): ReadonlyMap<string, Route> {
  const { source, alloy, laptop, verbs, now } = parts;

  async function chosen(applicationToken: string): Promise<Chosen> {
    const timeline = timelineOf(await source.read(applicationToken, "whole"));
    return { timeline, atAlloy: atAlloyOf(timeline, alloy), dots: dotsOf(timeline, alloy) };
  }

  async function rowFor({ token: applicationToken }: Listed): Promise<Row> {
    try {
      return rowOf(timelineOf(await source.read(applicationToken, "row")), alloy);
    } catch (error) {
      return unreadRow(applicationToken, error instanceof Error ? error.message : String(error));
    }
  }

  const reads: Readonly<Record<string, (asked: URLSearchParams) => Promise<unknown>>> = {
    "/api/overview": async (): Promise<Overview> => {
      const [needs, listed] = await Promise.all([source.needs(), source.list()]);
      return {
        stage: source.stage,
        now: now(),
        paceMs: source.paceMs,
        canWrite,
        hasVerbs: canWrite && verbs !== null,
        applications: listed.length,
        needs,
        laptop: laptop?.view() ?? null,
      };
    },
    "/api/applications": async (asked): Promise<RowPage> => {
      const { offset, limit } = v.parse(Range, Object.fromEntries(asked));
      const listed = (await source.list()).toSorted(
        (one, other) => other.rank - one.rank || (one.token < other.token ? -1 : 1),
      );
      const rows = await inTurn(listed.slice(offset, offset + limit), rowFor);
      return { total: listed.length, offset, rows };
    },
    "/api/application": async (asked) => chosen(v.parse(OfToken, Object.fromEntries(asked)).token),
    "/api/find": async (asked) => ({
      tokens: await source.find(v.parse(OfToken, Object.fromEntries(asked)).token),
    }),
    ...(laptop !== null && { "/api/composable": async () => laptop.composable() }),
  };
  const writes: Readonly<Record<string, (body: unknown) => Promise<unknown>>> = {
    ...(verbs !== null && {
      "/api/check": async (body) => ({ done: await verbs.check(v.parse(OfToken, body).token) }),
      "/api/redrive": async (body) => ({ done: await verbs.redrive(v.parse(OfToken, body).token) }),
    }),
    ...laptop?.writes,
  };
  return new Map<string, Route>([
    ...Object.entries(reads).map(([path, answer]) => [path, { reach: "read", answer }] as const),
    ...Object.entries(writes).map(([path, answer]) => [path, { reach: "write", answer }] as const),
  ]);
}

/** Does something with each of them, some side by side, and keeps their order. */
async function inTurn<Value, Result>(
  values: readonly Value[],
  act: (value: Value) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (let from = 0; from < values.length; from += ROWS_AT_ONCE) {
    results.push(...(await Promise.all(values.slice(from, from + ROWS_AT_ONCE).map(act))));
  }
  return results;
}
