import * as v from "valibot";

/** What a line of a story is about, for its colour and for the dots. */
const LINE_KINDS = [
  "raised",
  "delivered",
  "refused",
  "recorded",
  "failed",
  "published",
  "polled",
  "fault",
  "people",
  "other",
] as const;

const time = v.pipe(v.number(), v.description("milliseconds since the world began"));
const StandingSchema = v.object({
  at: time,
  status: v.nullable(v.string()),
  outcome: v.nullable(v.string()),
});

/**
 * One world of the simulation, as `npm run simulate -- --seed S --story <file>` writes it (docs/console.md#a-story).
 */
export const StorySchema = v.object({
  v: v.literal(1),
  seed: v.number(),
  knobs: v.array(v.string()),
  /** Promises that were broken; none where all were kept. */
  violations: v.array(v.object({ kind: v.string(), sentence: v.string() })),
  applications: v.array(
    v.object({
      /** By which the lines call it, such as `A1`. */
      name: v.string(),
      token: v.string(),
      events: v.array(
        v.object({
          /** By which the lines call it, such as `A1.4-completed_application`. */
          name: v.string(),
          type: v.string(),
          at: time,
          origin: v.pipe(v.nullable(v.string()), v.description("null: it was never recorded")),
        }),
      ),
      here: v.pipe(v.array(StandingSchema), v.description("the state in our table, from then on")),
      atAlloy: v.array(StandingSchema),
    }),
  ),
  lines: v.array(
    v.object({
      at: time,
      who: v.string(),
      what: v.string(),
      kind: v.picklist(LINE_KINDS),
      event: v.pipe(v.nullable(v.string()), v.description("the event that it names")),
    }),
  ),
});

export type Story = v.InferOutput<typeof StorySchema>;
export type StoryLine = Story["lines"][number];
type StoryLineKind = StoryLine["kind"];

/** @throws Error that says what is wrong with the file. */
export function readStory(text: string): Story {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), StorySchema), text);
  if (parsed.success) return parsed.output;
  const where = parsed.issues.map((issue) => v.getDotPath(issue) ?? "the file").slice(0, 3);
  throw new Error(
    `This is no story, at ${where.join(", ")}. To write one: npm run simulate -- --seed 7 --story story.json`,
  );
}

/** What a line is about, by who tells it and what. */
export function kindOfLine(who: string, what: string): StoryLineKind {
  if (what.includes("FAULT ")) return "fault";
  if (what === "dies" || what === "is throttled" || what.endsWith("crashed")) return "fault";
  const [service = ""] = who.split("/");
  if (service === "Alloy") return what.startsWith("raises") ? "raised" : "other";
  if (service === "gateway") return what.startsWith("answers 200") ? "delivered" : "refused";
  if (service === "table") {
    if (what.startsWith("keeps evidence")) return "failed";
    return / is (recorded|known)$/.test(what) ? "recorded" : "other";
  }
  if (service === "bus") return "published";
  if (service === "poller" || service === "schedule") return "polled";
  return service === "operator" || service === "onboarding" ? "people" : "other";
}

/** An event as a story has brought it so far; times are numbers of lines, since a world lasts days and happens in moments. */
export interface StoryDot {
  readonly name: string;
  readonly type: string;
  readonly at: number;
  /** The line that recorded it; null: none so far. */
  readonly cameAt: number | null;
  readonly kind: "missing" | "failing" | "received" | "healed";
  readonly isPublished: boolean;
}

/** How an application stands after a line of a story. */
export interface StoryTrack {
  readonly name: string;
  readonly token: string;
  readonly here: string;
  readonly atAlloy: string;
  readonly agrees: boolean;
  readonly dots: readonly StoryDot[];
}

/** How every application stands after so many lines. */
export function tracksAfter(story: Story, lines: number): readonly StoryTrack[] {
  const told = story.lines.slice(0, lines);
  const now = told.at(-1)?.at ?? 0;
  const byEvent = Map.groupBy(
    told.map((line, index) => ({ ...line, number: index + 1 })),
    ({ event }) => event ?? "",
  );
  return story.applications.map(({ name, token, events, here, atAlloy }) => {
    const [own, theirs] = [standingAt(here, now), standingAt(atAlloy, now)];
    return {
      name,
      token,
      here: own,
      atAlloy: theirs,
      agrees: own === theirs,
      dots: events
        .filter(({ at }) => at <= now)
        .map((event) => dotOf(event, byEvent.get(event.name) ?? [], told)),
    };
  });
}

function dotOf(
  { name, type, at, origin }: Story["applications"][number]["events"][number],
  lines: readonly (StoryLine & { readonly number: number })[],
  told: readonly StoryLine[],
): StoryDot {
  const recorded = lines.find(({ kind }) => kind === "recorded");
  const isPublished = lines.some(({ kind }) => kind === "published");
  const last = lines.findLast(({ kind }) => kind === "recorded" || kind === "failed");
  const came = origin === "poll" ? "healed" : "received";
  const kind = last?.kind === "failed" && !isPublished ? "failing" : came;
  return {
    name,
    type,
    // A world may begin after its first events.
    at: lines[0]?.number ?? told.findIndex((line) => line.at >= at) + 1,
    cameAt: recorded?.number ?? null,
    kind: recorded === undefined && last === undefined ? "missing" : kind,
    isPublished,
  };
}

function standingAt(standings: Story["applications"][number]["here"], now: number): string {
  const last = standings.findLast(({ at }) => at <= now);
  if (last === undefined) return "unknown";
  return [last.status ?? "unknown", ...(last.outcome === null ? [] : [last.outcome])].join(" ");
}
