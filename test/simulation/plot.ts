import { perRoute } from "../../lib/per-route.ts";
import type { ConsumerSettings } from "../../lambdas/settings.ts";
import { JOURNEYS } from "../../tools/alloy-simulator/journeys.ts";
import { makeTokens } from "../../tools/alloy-simulator/tokens.ts";
import { Dice, mix, numberOf } from "./dice.ts";
import { open, playOut } from "./plot-application.ts";
import type { TrueApplication, TrueEvent } from "./plot-application.ts";
import { postsOf } from "./plot-posts.ts";
import type { Post } from "./plot-posts.ts";
import { RERUN_AFTER_MS, Steps } from "./plot-steps.ts";

/** When every world begins. */
export const START = Date.UTC(2026, 10, 23, 8);

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** What happens at Alloy in one world, whatever becomes of it here: nothing in it depends on a fault. */
export interface Plot {
  readonly seed: number;
  readonly applications: readonly TrueApplication[];
  /** All events, in the order of their time. */
  readonly events: readonly TrueEvent[];
  /** By one of its ids; null: Alloy has no such event. */
  readonly eventOf: (eventId: string) => TrueEvent | null;
  /** What people call an event or an application, by its id or token. */
  readonly nameOf: (id: string) => string;
  /** What Alloy sends besides. */
  readonly posts: readonly Post[];
  readonly settings: ConsumerSettings;
  /** By how much an application is checked less and less often. */
  readonly growth: number;
  /** How Alloy proves itself. */
  readonly auth: "basic" | "hmac";
  /** When the credential changes: add the new one, switch Alloy, remove the old one; null: it does not. */
  readonly rotation: {
    readonly addAt: number;
    readonly switchAt: number;
    readonly removeAt: number;
  } | null;
  /** When the last of it happens. */
  readonly endAt: number;
}

/** One world in so many has a body that no queue message can hold: it costs that world 10 ms. */
const LARGE_BODIES = 0.01;
const LARGE = "x".repeat(1_060_000);

/** @param from - when it begins, epoch milliseconds. */
export function plotOf(seed: number, from: number = START): Plot {
  const dice = new Dice(mix(seed, numberOf("plot")));
  const applications = applicationsOf(dice, from);
  if (dice.chance(LARGE_BODIES)) enlarge(applications[0]?.events.at(-1));
  const events = applications
    .flatMap((application) => application.events)
    .sort((one, other) => one.at - other.at);
  const lastAt = events.at(-1)?.at ?? from;
  const posts = postsOf(dice, from, lastAt);
  const switchAt = dice.between(from + 20 * MINUTE, Math.max(from + 20 * MINUTE, lastAt));
  const byId = new Map(events.flatMap((event) => event.ids.map((id) => [id, event])));
  const names = new Map([
    // The star is for the event as Alloy's list tells of it.
    ...events.flatMap(({ ids, name }) =>
      ids.map((id, telling) => [id, telling === 0 ? name : `${name}*`] as const),
    ),
    ...applications.map(({ token, name }) => [token, name] as const),
  ]);
  return {
    seed,
    applications,
    events,
    eventOf: (eventId) => byId.get(eventId) ?? null,
    nameOf: (id) => names.get(id) ?? id,
    posts,
    settings: settingsOf(dice),
    growth: dice.pick([2, 3, 4]),
    auth: dice.pick(["basic", "hmac"]),
    rotation: dice.chance(0.4)
      ? { addAt: switchAt - 15 * MINUTE, switchAt, removeAt: switchAt + 10 * MINUTE }
      : null,
    endAt: Math.max(lastAt, switchAt),
  };
}

function applicationsOf(dice: Dice, from: number): readonly TrueApplication[] {
  const [consumer, joint] = [...JOURNEYS.values()];
  if (consumer === undefined || joint === undefined) throw new Error("Alloy has no Journeys");
  const tokens = makeTokens(dice.next);
  const sendsEventToken = dice.chance(0.3);
  const applications: TrueApplication[] = [];
  const count = dice.between(1, 2);
  for (let started = 0; started < count; started += 1) {
    const journey = dice.chance(0.75) ? consumer : joint;
    const applicants = journey === joint ? ["one", "two"] : ["one"];
    const isShadow = dice.chance(0.05);
    const common = { journey, dice, tokens, sendsEventToken, isShadow, applicants };
    const createdAt = from + dice.between(0, 2 * HOUR);
    const original = { name: nextName(), now: createdAt, rerunOf: null, ...common };
    const application = open(original);
    const steps = new Steps(dice, journey === consumer);
    const hasEnded = live(steps, applicants);
    const rerunAt = steps.all.reduce((at, { gapMs }) => at + gapMs, createdAt) + RERUN_AFTER_MS;
    const rerun =
      hasEnded && dice.chance(0.12)
        ? open({ ...original, name: `${original.name}r`, now: rerunAt, rerunOf: application })
        : null;
    if (rerun !== null) steps.rerun(rerun.token);
    const announced = dice.pick<"whole" | "brief" | null>(["whole", "brief", null, null]);
    applications.push(playOut(application, steps.all, { ...original, announced }));
    if (rerun === null) continue;
    const again = new Steps(dice, journey === consumer);
    live(again, applicants);
    const name = `${original.name}r`;
    applications.push(playOut(rerun, again.all, { ...original, name, announced: null }));
  }
  return applications;

  function nextName(): string {
    return `A${applications.length + 1}`;
  }
}

/** @returns whether it comes to an end. */
function live(steps: Steps, applicants: readonly string[]): boolean {
  steps.begin();
  for (const ref of applicants) steps.applicant(ref);
  return steps.end();
}

/** A reason as long as no message: in the webhook alone, since the list names reasons more briefly. */
function enlarge(event: TrueEvent | undefined): void {
  if (event !== undefined) event.told = { ...event.told, reason: LARGE };
}

function settingsOf(dice: Dice): ConsumerSettings {
  const [consumer] = JOURNEYS.keys();
  const publishesProgress = dice.chance(0.5);
  const publishesLate = dice.chance(0.3);
  return {
    environment: "sandbox",
    journeys: dice.chance(0.15) && consumer !== undefined ? [consumer] : [],
    ignoredEventTypes: dice.pick([
      ["visited_node"],
      ["visited_node"],
      [],
      ["visited_node", "started_evaluation", "completed_evaluation"],
    ]),
    routes: perRoute((route) => ({
      publish: route !== "progressed" || publishesProgress,
      publishLate: publishesLate || route === "unrecognised",
    })),
    journeyRoutes:
      consumer !== undefined && dice.chance(0.25)
        ? {
            [consumer]: {
              outcomes: { "needs documents": "needs-action" },
              routes: { progressed: { publish: !publishesProgress }, denied: { publish: false } },
            },
          }
        : {},
    countedJourneys: [],
    firstCheckMs: 10 * MINUTE,
    eventRetentionMs: null,
  };
}
