import { Random, mix, numberOf } from "../../../tools/cloud-in-memory/random.ts";

/**
 * In what a world may be unlike what Alloy's documentation shows, or unlike our usual day. A seed draws
 * which of them are on in its world, so that each meets the others, and none drowns them ("swarm testing").
 */
export const KNOBS = {
  // One event, reported by two sides that differ.
  "list-off": "Alloy's list dates an event up to 2 s earlier or later than its webhook does",
  "outcome-once": "an end names its outcome on one side only",
  "applicant-once": "an event names its applicant's token on one side only",
  "entity-once": "an event names its person on one side only",
  "node-once": "an event names its node on one side only",
  "shadow-once": "a shadow application is marked as one on one side only",
  "event-token-once": "an event has Alloy's own event token in its webhook only",
  // What ends, what reopens.
  "after-rerun": "an applicant's event comes after the rerun, and Alloy stays with the end",
  "after-unarchive": "an unarchiving, after which Alloy reopens the application or does not",
  "after-archive": "events come after an archiving",
  "second-end": "a second end comes without a reopening, and Alloy takes it or does not",
  "applicant-error":
    "an error that names one applicant, and Alloy's application goes on or stays ended",
  // Answers of Alloy's API.
  "unknown-status": "an answer has a status that no documentation names, or other letters",
  "unknown-type": "an event type that no documentation names is about the application itself",
  "still-updated-at": "an answer moves, and its `updated_at` does not",
  "odd-answer-times": "times in an answer are text, missing, ahead, or of another century",
  "api-refuses-all":
    "for hours or days the API answers everything with 403, 404, 400 or a page of HTML",
  "api-refuses-some": "the API never knows one of the applications",
  bearer: "the API is called over HTTP with a bearer, and says how long it lives in its own way",
  // Another product of Alloy's.
  investigations: "the account has Investigations, and the stage handles them",
  // Webhooks and submissions.
  "other-environment": "webhooks and submissions of another environment come here",
  "odd-family": "the envelope's type is spelled otherwise, or missing",
  "odd-times": "a webhook's time is text, ISO 8601, or seconds",
  "odd-external-ids": "external ids are empty, numbers, or very long",
  "odd-submission": "a submission's optional fields are of other types, or null",
  "huge-event": "an event of more than 1 MiB, in the webhook and in Alloy's list",
  // What never ends: the rest has to go on.
  "bad-application": "about one application after the other the API never answers but with 500",
  "revoked-key": "from some time on the API takes our key no more",
  "damaged-item": "nothing can be joined with one application's item, nor can it be checked",
  "dead-route": "the bus takes nothing of one route, ever",
  // What people do.
  "adopted-application": "an application existed before, and is adopted while it goes on",
  "forgotten-application": "a person has one application forgotten while it goes on",
  // What a stage may ask for.
  decision: "the stage publishes whole decisions, and they change, come late, or are left out",
  // What came before.
  "previous-release":
    "until some moment the release 0.1.0 ran: the table and the queue hold what it left",
  // Sizes.
  "many-applicants": "an application of more than sixty applicants",
  "many-applications": "up to a dozen applications",
} as const;

export type Knob = keyof typeof KNOBS;

/** In a fixed order. */
export const ALL_KNOBS: readonly Knob[] = Object.keys(KNOBS).filter(isKnob);

export function isKnob(name: string): name is Knob {
  return Object.hasOwn(KNOBS, name);
}

/**
 * What makes a world large, or long, is rare: such a world takes as long as three to ten others. A knob with which the
 * code does not hold yet has the chance 0: `--knobs` shows where.
 */
const RARE: Readonly<Partial<Record<Knob, number>>> = {
  "huge-event": 0.004,
  "many-applicants": 0.001,
  "many-applications": 0.007,
  "api-refuses-all": 0.01,
  "api-refuses-some": 0.06,
  bearer: 0.04,
  investigations: 0.02,
  "other-environment": 0.04,
  "bad-application": 0.03,
  "revoked-key": 0.012,
  "damaged-item": 0.012,
  "previous-release": 0.06,
  "dead-route": 0.025,
  "adopted-application": 0.04,
  "forgotten-application": 0.04,
  decision: 0.06,
};
const USUAL_CHANCE = 0.12;

/** Which knobs the worlds of a run have: each seed draws some of these, or all have the same. */
export type KnobChoice =
  | { readonly kind: "drawn"; readonly from: readonly Knob[] }
  | { readonly kind: "fixed"; readonly knobs: readonly Knob[] };

export const USUAL_KNOBS: KnobChoice = { kind: "drawn", from: ALL_KNOBS };

/** Under these nobody can say where a missing event stopped, or nobody is asked: no gap is planted beside them. */
const HIDES_GAPS: Readonly<Partial<Record<Knob, string>>> = {
  "api-refuses-all": "for longer than the evidence of a refusal is kept, nothing is compared",
  "revoked-key": "from then on Alloy's API tells of no application what is missing",
  "damaged-item": "its messages wait in the queue, and what is missing could wait among them",
  "adopted-application": "what it lacks from before its adoption is no gap",
  "forgotten-application": "nothing of it is compared any more",
  "dead-route": "its events are in gap besides, and none of them is ever healed",
  "previous-release": "what that release had lost or queued is missing besides",
};

/** Those in whose worlds a gap can be found, and its stage be known. */
export const GAP_KNOBS: KnobChoice = {
  kind: "drawn",
  from: ALL_KNOBS.filter((knob) => HIDES_GAPS[knob] === undefined),
};

export type Knobs = ReadonlySet<Knob>;

/** The knobs that are on in a seed's world. That one of them cannot be drawn leaves the others as they are. */
export function knobsOf(seed: number, choice: KnobChoice = USUAL_KNOBS): Knobs {
  if (choice.kind === "fixed") return new Set(choice.knobs);
  return new Set(
    choice.from.filter((knob) => randomFor(seed, `${knob}?`).chance(RARE[knob] ?? USUAL_CHANCE)),
  );
}

/** What a knob does in a seed's world is its own, whatever else is on. */
export function randomFor(seed: number, knob: string): Random {
  return new Random(mix(mix(seed, numberOf("knobs")), numberOf(knob)));
}
