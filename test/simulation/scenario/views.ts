import { hash } from "node:crypto";

import type { appendEvent } from "../../../tools/alloy-simulator/application.ts";
import type { Random } from "../../../tools/cloud-in-memory/random.ts";
import { randomFor } from "./knobs.ts";
import type { Knob, Knobs } from "./knobs.ts";
import { SECOND } from "../../../tools/cloud-in-memory/clock.ts";

type Fields = Readonly<Record<string, unknown>>;

/** An event's fields, as Alloy has them. */
export type EventBody = ReturnType<typeof appendEvent>["body"];

/** The two reports of one event: its webhook's `data`, and its element of Alloy's list. */
export interface Views {
  readonly body: EventBody;
  told: EventBody;
  listed: EventBody;
  /** The webhook's time as it is written, where that is not a number of milliseconds. */
  writtenAt: string | number | null;
}

/** Two reports of one event may differ by so much about its time (docs/contracts.md#event-identity). */
const ALIAS_MS = 2_000;

/** In every world, a few webhooks differ from the list in the node or in milliseconds. */
export function viewsOf(body: EventBody, random: Random, roomMs: number): Views {
  return { body, ...tellings(body, random, roomMs), writtenAt: null };
}

function tellings(body: EventBody, random: Random, roomMs: number) {
  const roll = random.next();
  const isAlone = roomMs >= 2_500;
  if (roll < 0.06) return { told: body, listed: withoutNode(body) };
  if (roll < 0.12) return { told: withoutNode(body), listed: body };
  if (roll < 0.2 && roomMs > 10) {
    const offMs = isAlone ? random.between(1, 900) : random.between(1, 3);
    return { told: body, listed: { ...body, timestamp: body.timestamp + offMs } };
  }
  return { told: body, listed: body };
}

/**
 * Makes the two sides of an application's events differ, as its knobs say. No two events get one identity,
 * and none comes nearer to another one of its type than to itself: what no receiver could tell apart is
 * not asked of ours.
 *
 * @param all - in the order in which they happened; changed in place.
 */
export function differ(all: readonly Views[], world: World): void {
  for (const [knob, concerns, leaveOut] of LEFT_OUT) {
    if (world.knobs.has(knob)) leaveOutOn(knob, all.filter(concerns), leaveOut, world);
  }
  if (world.knobs.has("odd-times")) writeTimesOddly(all, world);
  if (world.knobs.has("list-off")) moveTimes(all, world);
  keepApart(all);
}

interface World {
  readonly seed: number;
  readonly knobs: Knobs;
  /** Of the application, for choices of its own. */
  readonly name: string;
}

/** What one side may leave out: the events that have it, and how it is left out. */
const LEFT_OUT: readonly (readonly [
  Knob,
  (views: Views) => boolean,
  (body: EventBody, random: Random) => EventBody,
])[] = [
  [
    "outcome-once",
    ({ body }) => body["outcome"] !== undefined,
    (body, random) => without(body, "outcome", random),
  ],
  [
    "applicant-once",
    ({ body }) => body.entity_application_token !== null,
    (body, random) => without(body, "entity_application_token", random),
  ],
  [
    "entity-once",
    ({ body }) => body.entity_token !== null,
    (body, random) => without(body, "entity_token", random),
  ],
  [
    "node-once",
    ({ body }) => nodeIdIn(body["_embedded"]) !== "",
    (body, random) => (random.chance(0.5) ? withoutNode(body) : without(body, "_embedded", random)),
  ],
];

/** Null, or not there at all. */
function without(body: EventBody, field: string, random: Random): EventBody {
  return { ...body, [field]: random.chance(0.5) ? null : undefined };
}

function withoutNode(body: EventBody): EventBody {
  return { ...body, _embedded: { node: { id: null, name: null, position: null, type: null } } };
}

/** A whole world's list may never name a field, or its webhooks, or now the one and now the other. */
function leaveOutOn(
  knob: Knob,
  some: readonly Views[],
  leaveOut: (body: EventBody, random: Random) => EventBody,
  { seed, name }: World,
): void {
  const side = randomFor(seed, `${knob} side`).pick(["told", "listed", "either"]);
  const random = randomFor(seed, `${knob} of ${name}`);
  for (const views of some) {
    if (side === "either" && random.chance(0.3)) continue;
    const which = side === "either" ? random.pick(["told", "listed"]) : side;
    views[which] = leaveOut(views[which], random);
  }
}

function moveTimes(all: readonly Views[], { seed, name }: World): void {
  const side = randomFor(seed, "list-off side").pick(["told", "listed"]);
  const random = randomFor(seed, `list-off of ${name}`);
  for (const views of all) {
    if (random.chance(0.3) || views.writtenAt !== null) continue;
    const most = Math.min(ALIAS_MS, roomOf(views, all));
    const offMs = random.pick([
      random.between(-most, most),
      random.between(-most, most),
      most,
      -most,
      Math.sign(random.next() - 0.5) * Math.min(most, 3),
    ]);
    const other = side === "told" ? views.listed : views.told;
    views[side] = { ...views[side], timestamp: other.timestamp + offMs };
  }
}

/** How far an event's time may be off before it could be taken for another one of its type. */
function roomOf(views: Views, all: readonly Views[]): number {
  const { type } = views.body;
  const others = all.filter((other) => other !== views && other.body.type === type);
  const apart = others.map((other) => Math.abs(other.body.timestamp - views.body.timestamp));
  return Math.max(0, Math.floor((Math.min(...apart, 10 * ALIAS_MS) - 10) / 2));
}

function writeTimesOddly(all: readonly Views[], { seed, name }: World): void {
  const how = randomFor(seed, "odd-times how").pick(["text", "iso", "seconds", "seconds-text"]);
  const random = randomFor(seed, `odd-times of ${name}`);
  for (const views of all) {
    if (random.chance(0.3)) continue;
    const { timestamp } = views.told;
    if (how === "text") views.writtenAt = String(timestamp);
    else if (how === "iso") views.writtenAt = new Date(timestamp).toISOString();
    else if (roomOf(views, all) >= SECOND) {
      const seconds = Math.floor(timestamp / SECOND);
      views.writtenAt = how === "seconds" ? seconds : String(seconds);
      views.told = { ...views.told, timestamp: seconds * SECOND };
    }
  }
}

/** Events that would share an identity, by whichever side, are reported alike by both. */
function keepApart(all: readonly Views[]): void {
  for (let isApart = false; !isApart;) {
    isApart = true;
    const owners = new Map<string, Views>();
    for (const views of all) {
      for (const parts of new Set([identityPartsOf(views.told), identityPartsOf(views.listed)])) {
        const owner = owners.get(parts);
        if (owner === undefined) owners.set(parts, views);
        else {
          isApart = false;
          for (const one of [owner, views]) {
            one.told = one.body;
            one.listed = one.body;
            one.writtenAt = null;
          }
        }
      }
    }
  }
}

/** Whether one of its two sides, or both, name no outcome. */
export function isUnnamed({ told, listed }: Readonly<Record<"told" | "listed", Fields>>): boolean {
  return [told, listed].some((view) => (view["outcome"] ?? null) === null);
}

/** Design 2.4, said here anew: the code under test must find the same. */
export function identityOf(data: Fields): string {
  return hash("sha256", identityPartsOf(data)).slice(0, 32);
}

/** What an identity is made of, as text. */
function identityPartsOf(data: Fields): string {
  return JSON.stringify([
    data["journey_application_token"],
    data["type"],
    data["timestamp"],
    data["entity_application_token"] ?? "",
    nodeIdIn(data["_embedded"]),
  ]);
}

function nodeIdIn(embedded: unknown): string {
  const { node }: { readonly node?: { readonly id?: string | null } | null } = Object(
    embedded ?? {},
  );
  return node?.id ?? "";
}
