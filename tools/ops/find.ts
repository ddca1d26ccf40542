import { QueryCommand, ScanCommand } from "@aws-sdk/client-dynamodb";
import { marshall, unmarshall } from "@aws-sdk/util-dynamodb";
import type { ScanCommandOutput } from "@aws-sdk/client-dynamodb";
import * as v from "valibot";

import { investigationKey } from "../../lambdas/adapters/dynamo/application-item.ts";
import { METADATA_ATTRIBUTES, TABLE } from "../../lambdas/settings/names.ts";
import { UsageError } from "./operator-error.ts";
import type { OptionsAt } from "./options.ts";
import { itemsOf, itemsUnder, projectionOf } from "./person.ts";
import type { ResultOf } from "./results.ts";
import type { ConnectedStack } from "./stack.ts";
import type { Terminal } from "./terminal.ts";
import { timeIn } from "./time-option.ts";
import { isoOf } from "./timeline.ts";

type FindOptions = OptionsAt<"since" | "until" | "status" | "route" | "limit">;
type Match = ResultOf<"find">["matches"][number];

const USUAL_LIMIT = 50;

/** Parts of the table that are read at once: a table of gigabytes takes minutes, not an hour. */
const SEGMENTS = 8;

const text = v.fallback(v.nullish(v.string(), null), null);
const time = v.fallback(v.nullish(v.number(), null), null);
const ItemSchema = v.object({
  pk: v.string(),
  sk: v.string(),
  eventId: text,
  type: text,
  eventAt: time,
  lastEventAt: time,
  status: text,
  outcome: text,
  route: text,
});

/**
 * `find`: applications, Investigations and events by anything that names them.
 *
 * 1. An application or Investigation token, and an external id, are keys: the answer is there at once.
 * 2. An event id, a receipt id and an entity's token are not, and neither is a time, a status or a route: the whole
 *    table is read, without bodies. A million events cost some cents, and take minutes.
 */
export async function find(
  stack: ConnectedStack,
  sought: string,
  options: FindOptions,
  terminal: Terminal,
): Promise<ResultOf<"find">> {
  const filter = filterOf(sought, options);
  const limit = options.limit ?? USUAL_LIMIT;
  const keyed = sought === "" ? [] : await byKey(stack, sought);
  const matches = keyed.length > 0 ? keyed : await scan(stack, filter, limit, terminal);
  const shown = matches.slice(0, limit);
  terminal.print(...shown.map(lineOf));
  if (shown.length === 0) {
    terminal.print(
      "Nothing here has it. An external id of an entity is in no index: show --bodies.",
    );
  }
  const isCut = matches.length > limit;
  if (isCut) terminal.print(`(There are more: --limit ${limit * 10} shows more.)`);
  return { matches: shown, isCut };
}

function lineOf({ kind, token, eventId, at, type, status, outcome, route }: Match): string {
  const parts = [status, outcome, type, route === null ? null : `→ ${route}`, eventId];
  const said = parts.filter((part) => part !== null).join(" ");
  return `${at ?? "-"}  ${kind} ${token ?? "-"}  ${said}`;
}

/** What is a key of the table or of an index. */
async function byKey(stack: ConnectedStack, sought: string): Promise<readonly Match[]> {
  if (sought.startsWith("JA-")) return matchesIn(await itemsOf(stack, sought, METADATA_ATTRIBUTES));
  const { Items = [] } = await stack.dynamo.send(
    new QueryCommand({
      TableName: stack.applicationTableName,
      IndexName: TABLE.externalIndex,
      KeyConditionExpression: "externalId = :id",
      ExpressionAttributeValues: marshall({ ":id": sought }),
    }),
  );
  const tokens = new Set(
    Items.map((item) => String(unmarshall(item)["pk"]).replace("APPLICATION#", "")),
  );
  const found: Match[] = [];
  for (const token of tokens) {
    found.push(...matchesIn(await itemsOf(stack, token, METADATA_ATTRIBUTES)));
  }
  const { pk } = investigationKey(sought);
  found.push(...matchesIn(await itemsUnder(stack, { pk }, METADATA_ATTRIBUTES)));
  return found;
}

/** Of a whole application, its state says enough. */
function matchesIn(items: readonly Readonly<Record<string, unknown>>[]): readonly Match[] {
  const matches = items.flatMap((item) => matchOf(item) ?? []);
  const states = matches.filter(({ eventId }) => eventId === null);
  return states.length > 0 ? states : matches;
}

function matchOf(item: unknown): Match | null {
  const parsed = v.safeParse(ItemSchema, item);
  if (!parsed.success) return null;
  const { pk, sk, eventId, type, eventAt, lastEventAt, status, outcome, route } = parsed.output;
  if (sk !== "STATE" && !sk.startsWith("EVENT#")) return null;
  const [family = "", ...token] = pk.split("#");
  const isState = sk === "STATE";
  return {
    kind: isState ? (family === "INVESTIGATION" ? "investigation" : "application") : "event",
    token: family === "WEBHOOK" ? null : token.join("#"),
    eventId: isState ? null : eventId,
    at: isoOf(isState ? lastEventAt : eventAt),
    type,
    status,
    outcome,
    route,
  };
}

interface Filter {
  readonly expression: string;
  readonly values: Readonly<Record<string, string | number>>;
  readonly names: readonly (typeof METADATA_ATTRIBUTES)[number][];
}

function filterOf(sought: string, { since, until, status, route, now }: FindOptions): Filter {
  const parts: string[] = [];
  const values: Record<string, string | number> = {};
  const names: Filter["names"][number][] = [];
  const attribute = (name: Filter["names"][number]) => {
    if (!names.includes(name)) names.push(name);
    return `#f${names.indexOf(name)}`;
  };
  const from = timeIn("--since", since, now);
  const to = timeIn("--until", until, now);
  if (sought !== "") {
    values[":sought"] = sought;
    const ids = ["eventId", "receiptId", "entityToken", "entityApplicationToken"] as const;
    parts.push(`(${ids.map((name) => `${attribute(name)} = :sought`).join(" OR ")})`);
  }
  if (status !== null) {
    values[":status"] = status;
    parts.push(`${attribute("status")} = :status`);
  }
  if (route !== null) {
    values[":route"] = route;
    parts.push(`${attribute("route")} = :route`);
  }
  // A state has the time of its last event, and an event that of its receipt.
  const at = status === null ? "receivedAt" : "lastEventAt";
  if (from !== null) {
    values[":from"] = from;
    parts.push(`${attribute(at)} >= :from`);
  }
  if (to !== null) {
    values[":to"] = to;
    parts.push(`${attribute(at)} <= :to`);
  }
  if (parts.length === 0) {
    throw new UsageError(
      '"find" needs something to find: a token, an id, or one of --since, --until, --status, --route.',
    );
  }
  return { expression: parts.join(" AND "), values, names };
}

/** The events of applications by time and route, oldest first. */
export async function eventsBy(
  stack: ConnectedStack,
  options: OptionsAt<"since" | "until" | "route">,
  terminal: Terminal,
): Promise<readonly (Match & { readonly token: string; readonly eventId: string })[]> {
  const filter = filterOf("", { ...options, status: null, limit: null });
  const found = await scan(stack, filter, Number.POSITIVE_INFINITY, terminal);
  return found.flatMap(({ token, eventId, ...match }) =>
    match.kind === "event" && token !== null && eventId !== null
      ? [{ ...match, token, eventId }]
      : [],
  );
}

/** Goes through the whole table. */
async function scan(
  { dynamo, applicationTableName }: ConnectedStack,
  { expression, values, names }: Filter,
  limit: number,
  terminal: Terminal,
): Promise<readonly Match[]> {
  const found: Match[] = [];
  let seen = 0;
  const projection = projectionOf(METADATA_ATTRIBUTES);
  const one = async (Segment: number) => {
    let from: ScanCommandOutput["LastEvaluatedKey"];
    do {
      const page = await dynamo.send(
        new ScanCommand({
          TableName: applicationTableName,
          Segment,
          TotalSegments: SEGMENTS,
          FilterExpression: expression,
          ExpressionAttributeValues: marshall(values),
          ProjectionExpression: projection.ProjectionExpression,
          ExpressionAttributeNames: {
            ...projection.ExpressionAttributeNames,
            ...Object.fromEntries(names.map((name, index) => [`#f${index}`, name])),
          },
          ...(from !== undefined && { ExclusiveStartKey: from }),
        }),
      );
      seen += page.ScannedCount ?? 0;
      found.push(...(page.Items ?? []).flatMap((item) => matchOf(unmarshall(item)) ?? []));
      terminal.progress(`${seen} items read, ${found.length} found …`);
      from = page.LastEvaluatedKey;
    } while (from !== undefined && found.length <= limit);
  };
  await Promise.all(Array.from({ length: SEGMENTS }, (_, segment) => one(segment)));
  return found.toSorted((left, right) => ((left.at ?? "") < (right.at ?? "") ? -1 : 1));
}
