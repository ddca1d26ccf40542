import type { AlloyApplication } from "../../../lambdas/domain/reconciliation/alloy-application.ts";
import type { ApplicationResponse } from "../../../tools/alloy-simulator/application-response.ts";
import type { Random } from "../../../tools/cloud-in-memory/random.ts";
import { randomFor } from "./knobs.ts";
import type { Knobs } from "./knobs.ts";
import { HOUR, MINUTE } from "../../../tools/cloud-in-memory/clock.ts";

/*
 * What Get Journey Application answers, from one moment on: as the simulator has it, and, behind its knobs, as
 * Alloy's documentation does not exclude.
 */

/** An answer, and what is true from then on. */
export interface Version {
  readonly at: number;
  readonly response: ApplicationResponse;
  /** How the application stands, whatever words the answer has for it. */
  readonly status: string;
  readonly outcome: string | null;
  /** The answer's status is none that anybody knows: only events can say how it stands. */
  readonly isUnknown: boolean;
  /** No event tells of it. */
  readonly isUnsaid: boolean;
  /** Its text and what the code reads in it, made when they are wanted. */
  text: string | null;
  parsed: AlloyApplication | null;
}

const YEAR = 365 * 24 * HOUR;

export function versionOf(
  at: number,
  response: ApplicationResponse,
  { status, outcome }: { readonly status: string; readonly outcome: string | null },
): Version {
  return {
    at,
    response,
    status,
    outcome,
    isUnknown: false,
    isUnsaid: false,
    text: null,
    parsed: null,
  };
}

interface World {
  readonly seed: number;
  readonly knobs: Knobs;
  /** Of the application. */
  readonly name: string;
}

/** The answers of one application, as its knobs have them. */
export function oddVersions(versions: readonly Version[], world: World): readonly Version[] {
  const { seed, knobs, name } = world;
  let odd = versions;
  if (knobs.has("still-updated-at")) odd = standingStill(odd, world);
  if (knobs.has("unknown-status")) odd = inUnknownWords(odd, world);
  if (knobs.has("odd-answer-times")) {
    const times = oddTimes(randomFor(seed, `odd-answer-times of ${name}`));
    odd = odd.map((one) => ({ ...one, response: { ...one.response, ...times(one.response) } }));
  }
  return odd;
}

/** `updated_at` never moves; an outcome comes after its end, and something moves without an event. */
function standingStill(versions: readonly Version[], { seed, name }: World): readonly Version[] {
  const random = randomFor(seed, `still-updated-at of ${name}`);
  const still = versions.flatMap((version, index) => {
    const { status, outcome, at } = version;
    const next = versions[index + 1]?.at ?? Number.POSITIVE_INFINITY;
    const isEnd = status === "completed" && versions[index - 1]?.status !== "completed";
    const lagMs = random.between(1, 20 * MINUTE);
    if (!isEnd || outcome === null || at + lagMs >= next || random.chance(0.3)) return [version];
    return [stated(version, at, "completed", null), { ...version, at: at + lagMs }];
  });
  // What nobody tells of: only the time of asking says which answer is the newer one.
  let last = still.at(-1);
  for (let moves = random.between(0, 3); moves > 0 && last !== undefined; moves -= 1) {
    const at = last.at + random.between(5 * MINUTE, 3 * HOUR);
    const next = moved(last, random);
    if (next === null) break;
    last = { ...stated(last, at, next.status, next.outcome), isUnsaid: true };
    still.push(last);
  }
  const updatedAt = versions[0]?.response["updated_at"];
  return still.map((one) => ({ ...one, response: { ...one.response, updated_at: updatedAt } }));
}

function moved({ status, outcome }: Version, random: Random) {
  if (status === "completed") {
    return { status, outcome: outcome === "Denied" ? "Approved" : "Denied" };
  }
  if (["error", "expired"].includes(status)) return null;
  if (random.chance(0.4)) {
    return { status: "completed", outcome: random.pick([null, "Approved", "Denied"]) };
  }
  return {
    status: status === "waiting_review" ? "pending_action" : "waiting_review",
    outcome: null,
  };
}

function stated(like: Version, at: number, status: string, outcome: string | null): Version {
  const response = { ...like.response, status, complete_outcome: outcome, recent_outcome: outcome };
  return { ...like, at, response, status, outcome };
}

function inUnknownWords(versions: readonly Version[], { seed, name }: World): readonly Version[] {
  const random = randomFor(seed, `unknown-status of ${name}`);
  const inLetters = random.pick([
    (word: string) => `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`,
    (word: string) => word.toUpperCase(),
    null,
  ]);
  if (inLetters !== null) {
    return versions.map((one) => {
      const response = { ...one.response, status: inLetters(one.response.status) };
      return { ...one, response };
    });
  }
  const word = random.pick(["withdrawn", "archived", "pending_something_new"]);
  const from = random.between(0, versions.length - 1);
  return versions.map((one, index) =>
    index < from ? one : { ...one, isUnknown: true, response: { ...one.response, status: word } },
  );
}

function oddTimes(random: Random) {
  const odd = (time: unknown): unknown => {
    const ms = Number(time);
    return random.pick<() => unknown>([
      () => String(ms),
      () => new Date(ms).toISOString(),
      () => null,
      () => undefined,
      () => 9e15,
      () => -1,
      () => Math.floor(ms / 1_000),
      () => ms + 5 * HOUR,
      () => ms + 40 * YEAR,
    ])();
  };
  // One choice for all answers of an application.
  const roll = Math.floor(random.next() * 3);
  return ({ created_at, updated_at, closed_at }: ApplicationResponse) => ({
    ...(roll !== 0 && { updated_at: odd(updated_at) }),
    ...(roll !== 1 && { created_at: Number(odd(created_at)) }),
    closed_at: typeof closed_at === "number" ? odd(closed_at) : closed_at,
  });
}
