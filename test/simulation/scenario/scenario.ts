import { perRoute } from "../../../lib/config/per-route.ts";
import type { ConsumerSettings } from "../../../lambdas/settings/consumer-settings.ts";
import type { RouteId } from "../../../lambdas/settings/routes.ts";
import { JOURNEYS } from "../../../tools/alloy-simulator/journeys.ts";
import { makeTokens } from "../../../tools/alloy-simulator/tokens.ts";
import { Random, mix, numberOf } from "../../../tools/cloud-in-memory/random.ts";
import { randomFor, knobsOf } from "./knobs.ts";
import type { Knob, Knobs } from "./knobs.ts";
import { apiOf } from "./api.ts";
import { open, playOut } from "./application.ts";
import type { TrueApplication, TrueEvent } from "./application.ts";
import { detourAfterEnd, detourAfterRerun, detourBeforeEnd } from "./detours.ts";
import { investigationsOf } from "./investigations.ts";
import { postsOf } from "./posts.ts";
import { setApart } from "./set-apart.ts";
import { RERUN_AFTER_MS, Steps } from "./steps.ts";
import { upgradeOf } from "./released-fates.ts";
import type { Scenario } from "./scenario-type.ts";
import { identityOf } from "./views.ts";
import { HOUR, MINUTE } from "../../../tools/cloud-in-memory/clock.ts";

/** When every world begins. */
export const START = Date.UTC(2026, 10, 23, 8);

/** What goes wrong with one application, and must not keep another from going on. */
const NEED_ANOTHER: readonly Knob[] = ["bad-application", "damaged-item"];
/** In so many worlds two applications share the batches; what goes wrong with one needs no other, and costs half. */
const TWO_APPLICATIONS = 0.15;
/** One world in so many has a body that no queue message can hold: it costs that world 10 ms. */
const LARGE_BODIES = 0.007;
const LARGE = "x".repeat(1_060_000);

/**
 * @param options.from - when it begins, epoch milliseconds.
 * @param options.knobs - those that are on. @default - as the seed draws them
 */
export function scenarioOf(
  seed: number,
  { from = START, knobs = knobsOf(seed) }: { readonly from?: number; readonly knobs?: Knobs } = {},
): Scenario {
  const random = new Random(mix(seed, numberOf("plot")));
  const applications = applicationsOf(random, { seed, knobs, from });
  setApart(seed, knobs, applications);
  if (random.chance(LARGE_BODIES)) enlarge(applications[0]?.events.at(-1));
  if (knobs.has("huge-event")) enlargeBoth(randomFor(seed, "huge-event"), applications[0]?.events);
  const events = applications
    .flatMap((application) => application.events)
    .sort((one, other) => one.at - other.at);
  const lastAt = events.at(-1)?.at ?? from;
  const posts = postsOf(random, from, lastAt);
  const switchAt = random.between(from + 20 * MINUTE, Math.max(from + 20 * MINUTE, lastAt));
  const settings = {
    ...settingsOf(random),
    investigations: knobs.has("investigations"),
    decides: knobs.has("decision"),
  };
  const investigations = investigationsOf(seed, knobs, from);
  const investigatedAt = investigations.flatMap(({ versions }) => versions.map(({ at }) => at));
  const apartAt = applications
    .flatMap(({ adoptedAt, forgottenAt }) => [adoptedAt, forgottenAt])
    .filter((at) => at < Number.POSITIVE_INFINITY);
  const growth = random.pick([2, 3, 4]);
  const auth = random.pick<"basic" | "hmac">(["basic", "hmac"]);
  const isRotated = random.chance(0.4);
  const api = apiOf(seed, knobs, { from, until: lastAt });
  const upgrade = knobs.has("previous-release") ? upgradeOf({ seed, events, settings }) : null;
  const spokenOfAt = Math.max(...applications.map(({ versions }) => versions.at(-1)?.at ?? from));
  return {
    seed,
    knobs,
    applications,
    events,
    ...indexed(applications),
    posts,
    investigations,
    settings,
    growth,
    auth,
    api,
    rotation: isRotated
      ? { addAt: switchAt - 15 * MINUTE, switchAt, removeAt: switchAt + 10 * MINUTE }
      : null,
    deadRoute: knobs.has("dead-route") ? deadRouteOf(randomFor(seed, "dead-route"), events) : null,
    upgrade,
    endAt: Math.max(
      lastAt,
      switchAt,
      spokenOfAt,
      upgrade?.at ?? from,
      ...investigatedAt,
      ...apartAt,
    ),
  };
}

/** One that something is to go by; other bodies than events go by `unrecognised` too. */
function deadRouteOf(random: Random, events: readonly TrueEvent[]): RouteId | null {
  const routes = events.map(({ route }) => route).filter((route) => route !== "unrecognised");
  const [first, ...others] = new Set(routes);
  return first === undefined ? null : random.pick([first, ...others]);
}

/** Finds events and applications by their ids, as the world names them. */
export function indexed(
  applications: readonly TrueApplication[],
): Pick<Scenario, "eventOf" | "applicationOf" | "nameOf"> {
  const events = applications.flatMap((application) => application.events);
  const byId = new Map(
    events.flatMap((event) =>
      // Also as it is written, where its time is no number: for whoever looks at a message.
      [identityOf(event.told), ...event.ids].map((id) => [id, event]),
    ),
  );
  const byToken = new Map(applications.map((application) => [application.token, application]));
  const names = new Map([
    // The star is for the event as Alloy's list tells of it.
    ...events.flatMap(({ ids, name }) =>
      ids.map((id, telling) => [id, telling === 0 ? name : `${name}*`] as const),
    ),
    ...applications.map(({ token, name }) => [token, name] as const),
  ]);
  return {
    eventOf: (eventId) => byId.get(eventId) ?? null,
    applicationOf: (token) => byToken.get(token) ?? null,
    nameOf: (id) => names.get(id) ?? id,
  };
}

/** From what the world takes its applications. */
interface Beginning {
  readonly seed: number;
  readonly knobs: Knobs;
  readonly from: number;
}

function applicationsOf(random: Random, beginning: Beginning): readonly TrueApplication[] {
  const { seed, knobs, from } = beginning;
  const { consumer, joint } = journeys();
  const tokens = makeTokens(random.next);
  const sendsEventToken = random.chance(0.3);
  const applications: TrueApplication[] = [];
  const isShared = random.chance(TWO_APPLICATIONS) || NEED_ANOTHER.some((knob) => knobs.has(knob));
  const usual = isShared ? 2 : 1;
  const count = knobs.has("many-applications")
    ? randomFor(seed, "many-applications").between(3, 12)
    : usual;
  for (let started = 0; started < count; started += 1) {
    applications.push(...life(false));
  }
  if (knobs.has("other-environment")) applications.push(...life(true));
  return applications;

  /** An application, and its rerun if there is one. */
  function life(isForeign: boolean): readonly TrueApplication[] {
    const name = isForeign ? "F1" : `A${applications.length + 1}`;
    const crowd = knobs.has("many-applicants") && applications.length === 0 ? crowdOf(seed) : null;
    const journey = random.chance(0.75) && crowd === null ? consumer : joint;
    const applicants = crowd ?? (journey === joint ? ["one", "two"] : ["one"]);
    const isOwn = (knob: Knob, what: string) =>
      knobs.has(knob) && randomFor(seed, `${what} ${name}`).chance(0.6);
    const isShadow = random.chance(knobs.has("shadow-once") ? 0.5 : 0.05);
    const createdAt = from + random.between(0, 2 * HOUR);
    const isDamaged = knobs.has("damaged-item") && applications.length === 0;
    const damage = randomFor(seed, "damaged-item");
    const common = { seed, knobs, journey, random, tokens, name, applicants, isShadow, isForeign };
    const original = {
      ...common,
      now: createdAt,
      rerunOf: null,
      sendsEventToken,
      isUnknownToUs: isForeign || isOwn("api-refuses-some", "unknown"),
      isFailing: !isForeign && isOwn("bad-application", "failing"),
      damagedAt: isDamaged ? createdAt + damage.between(0, HOUR) : Number.POSITIVE_INFINITY,
    };
    const application = open(original);
    const steps = new Steps(random, journey === consumer);
    const hasEnded = live(steps, original);
    const rerunAt = steps.all.reduce((at, { gapMs }) => at + gapMs, createdAt) + RERUN_AFTER_MS;
    const rerun =
      hasEnded && (random.chance(0.07) || mayRerun(original))
        ? open({ ...original, name: `${name}r`, now: rerunAt, rerunOf: application })
        : null;
    if (rerun !== null) {
      steps.rerun(rerun.token);
      detourAfterRerun(steps, original);
    }
    const announced = random.pick<"whole" | "brief" | null>(["whole", "brief", null, null]);
    const first = playOut(application, steps.all, {
      ...original,
      announced: isForeign ? foreignlyAnnounced(name) : announced,
    });
    if (rerun === null) return [first];
    const again = new Steps(random, journey === consumer);
    const second = { ...original, name: `${name}r`, announced: null };
    live(again, second);
    return [first, playOut(rerun, again.all, second)];
  }

  /** Only Alloy's whole answer says its environment. */
  function foreignlyAnnounced(name: string): "whole" | null {
    return randomFor(seed, `announcement of ${name}`).pick(["whole", null]);
  }

  function mayRerun({ name }: { readonly name: string }): boolean {
    return knobs.has("after-rerun") && randomFor(seed, `after-rerun? of ${name}`).chance(0.5);
  }
}

function journeys() {
  const [consumer, joint] = JOURNEYS.values();
  if (consumer === undefined || joint === undefined) throw new Error("Alloy has no Journeys");
  return { consumer, joint };
}

/** More applicants than any account has. */
function crowdOf(seed: number): readonly string[] {
  const count = randomFor(seed, "many-applicants").between(61, 75);
  return Array.from({ length: count }, (_, index) => `p${index + 1}`);
}

/** @returns whether it comes to an end. */
function live(steps: Steps, detour: Parameters<typeof detourBeforeEnd>[1]): boolean {
  steps.begin();
  for (const ref of detour.applicants) steps.applicant(ref);
  detourBeforeEnd(steps, detour);
  return detourAfterEnd(steps, steps.end(), detour);
}

/** A reason as long as no message: in the webhook alone, since the list names reasons more briefly. */
function enlarge(event: TrueEvent | undefined): void {
  if (event !== undefined) event.told = { ...event.told, reason: LARGE };
}

/** The same in Alloy's list, so that no message of the poller's can hold the event either. */
function enlargeBoth(random: Random, events: readonly TrueEvent[] = []): void {
  const event = events[random.between(0, events.length - 1)];
  if (event === undefined) return;
  enlarge(event);
  event.listed = { ...event.listed, reason: LARGE };
}

function settingsOf(random: Random): ConsumerSettings {
  const [consumer] = JOURNEYS.keys();
  const publishesProgress = random.chance(0.5);
  const publishesLate = random.chance(0.3);
  return {
    environment: "sandbox",
    journeys: random.chance(0.15) && consumer !== undefined ? [consumer] : [],
    ignoredEventTypes: random.pick([
      ["visited_node"],
      ["visited_node"],
      [],
      ["visited_node", "started_evaluation", "completed_evaluation"],
    ]),
    routes: perRoute((route) => ({
      publish: route !== "progressed" || publishesProgress,
      publishLate: publishesLate || route === "unrecognised",
    })),
    investigations: false,
    decides: false,
    journeyRoutes:
      consumer !== undefined && random.chance(0.25)
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
