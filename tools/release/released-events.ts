import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";

import * as v from "valibot";

import {
  DELIVERY_GAP_DETAIL_TYPE,
  INVESTIGATION_GAP_DETAIL_TYPE,
  ROUTE_TITLES,
  SUBMISSION_DETAIL_TYPE,
} from "../../lambdas/settings/routes.ts";
import { EVENT_SCHEMA_NAMES, jsonSchemaOf, jsonText } from "../generate/event-schemas.ts";
import type { EventSchemaName } from "../generate/event-schemas.ts";
import { breakingChanges } from "./compatibility.ts";

/** Of each release: the JSON Schemas of its events, and its titles. A folder is never edited. */
const FOLDER = new URL("../../test/fixtures/released-events/", import.meta.url);

const TitlesSchema = v.object({
  routes: v.record(v.string(), v.string()),
  others: v.array(v.string()),
});

/** What rules match: each route's `detail-type`, and those of no route. */
export type Titles = v.InferOutput<typeof TitlesSchema>;

const TITLES: Titles = {
  routes: ROUTE_TITLES,
  others: [DELIVERY_GAP_DETAIL_TYPE, INVESTIGATION_GAP_DETAIL_TYPE, SUBMISSION_DETAIL_TYPE],
};

export const RELEASED_VERSIONS: readonly string[] = readdirSync(FOLDER).toSorted();

/** A JSON Schema of a release; undefined where the release did not publish such events. */
export function releasedSchema(version: string, name: EventSchemaName): object | undefined {
  const file = new URL(`${version}/${name}.json`, FOLDER);
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : undefined;
}

/** Writes down the schemas and titles of what is here as those of a release. */
export function recordEvents(version: string): void {
  mkdirSync(new URL(version, FOLDER), { recursive: true });
  const write = (name: string, value: unknown) =>
    writeFileSync(new URL(`${version}/${name}.json`, FOLDER), jsonText(value));
  for (const name of EVENT_SCHEMA_NAMES) write(name, jsonSchemaOf(name));
  write("titles", TITLES);
}

/** What has changed since a release that is no addition; none when readers of both take the events of both. */
export function changesSince(version: string): readonly string[] {
  const schemas = EVENT_SCHEMA_NAMES.flatMap((name) => {
    const released = releasedSchema(version, name);
    const changes = released === undefined ? [] : breakingChanges(released, jsonSchemaOf(name));
    return changes.map((change) => `${version}, ${name}: ${change}`);
  });
  const file = readFileSync(new URL(`${version}/titles.json`, FOLDER), "utf8");
  const titles = changedTitles(v.parse(TitlesSchema, JSON.parse(file)), TITLES);
  return [...schemas, ...titles.map((change) => `${version}: ${change}`)];
}

/** What was renamed or removed of what rules match. */
export function changedTitles(released: Titles, now: Titles): readonly string[] {
  const routes = Object.entries(released.routes).flatMap(([route, title]) =>
    now.routes[route] === title ? [] : [`The route "${route}" has no title "${title}" any more.`],
  );
  const others = released.others
    .filter((title) => !now.others.includes(title))
    .map((title) => `Nothing has the title "${title}" any more.`);
  return [...routes, ...others];
}
