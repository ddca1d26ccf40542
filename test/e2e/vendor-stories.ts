/** One thing that happens to an application of the double. */
export interface StoryStep {
  readonly afterMs: number;
  /** Null: no event tells it. */
  readonly type: string | null;
  /** The applicant's name; null: the application's. */
  readonly applicant: string | null;
  readonly node: string | null;
  readonly outcome?: string | null;
  /** What Alloy's answer says from now on. */
  readonly status?: string;
  /** @default - the step's outcome is the application's */
  readonly changesOutcome?: false;
  readonly reruns?: true;
  /** When the webhook comes, after the event in ms; none: it is lost; two: it comes twice. */
  readonly deliveries: readonly number[];
}

export interface Story {
  readonly name: string;
  readonly steps: readonly StoryStep[];
  /** Routes of the decisions that downstream is to hear, in order; one whose webhook is lost may be overtaken. */
  readonly decisions: readonly string[];
}

type Draw = () => number;
type Plain = Omit<StoryStep, "deliveries" | "afterMs" | "applicant" | "node"> &
  Partial<Pick<StoryStep, "afterMs" | "applicant" | "node">>;

/** What happens to an applicant, at a node. */
const of = (applicant: string, node: string, type: string, more: Omit<Plain, "type"> = {}) => ({
  type,
  applicant,
  node,
  ...more,
});

const approved = {
  type: "completed_application",
  status: "completed",
  outcome: "Approved",
  node: "n9",
};
const denied = { ...approved, outcome: "Denied" };
const failed = { type: "error", status: "error" };
const archived = { type: "application_archived" };
const unarchived = { type: "application_unarchived" };

const START: readonly Plain[] = [
  { type: "started_application", status: "running" },
  of("a", "n1", "started_evaluation"),
  of("a", "n1", "completed_evaluation", { outcome: "Approved" }),
];

const REVIEWS: readonly Plain[] = [
  of("a", "n2", "pending_review", { status: "waiting_review" }),
  of("b", "n2", "pending_review", { afterMs: 5 }),
  of("a", "n2", "completed_review", { outcome: "Approved" }),
  of("b", "n2", "completed_review", { outcome: "Denied", afterMs: 1, status: "running" }),
];

const ACTION: readonly Plain[] = [
  of("a", "n3", "pending_action", { status: "pending_action" }),
  of("a", "n3", "completed_action", { outcome: "done", status: "running", changesOutcome: false }),
];

interface Life {
  readonly steps: readonly Plain[];
  /** Those that downstream is to hear in the end. */
  readonly decisions: readonly string[];
}

/** A life that begins as most do. */
const life = (decisions: readonly string[], ...steps: readonly Plain[]): Life => ({
  decisions,
  steps: [...START, ...steps],
});

/** Lives, by name. */
const LIVES: Readonly<Record<string, Life>> = {
  approved: life(["approved"], ...REVIEWS, approved),
  denied: life(["denied"], denied),
  withoutOutcome: life(["completed"], { ...approved, outcome: null }),
  otherOutcome: life(["completed"], { ...approved, outcome: "Refer" }),
  upperOutcome: life(["approved"], { ...approved, outcome: "APPROVED" }),
  errored: life(["errored"], failed),
  applicantErrors: life(["approved"], of("a", "n1", "error"), ...REVIEWS, approved),
  applicantErrorsAfterEnd: life(["approved"], approved, of("b", "n1", "error", { afterMs: 300 })),
  expired: life(["expired"], { type: "application_expired", status: "expired" }),
  secondEndCounts: life(["approved", "denied"], approved, { ...denied, afterMs: 700 }),
  secondEndIsNone: life(["approved"], approved, { ...denied, changesOutcome: false, afterMs: 700 }),
  endTwice: life(["approved"], approved, { ...approved, afterMs: 700 }),
  rerun: life(
    ["approved"],
    approved,
    { type: "started_rerun_application", reruns: true },
    of("a", "n2", "completed_review", { outcome: "Approved", changesOutcome: false }),
  ),
  unarchivedOpen: life(
    ["approved", "denied"],
    approved,
    archived,
    { ...unarchived, status: "running", afterMs: 1_000 },
    of("a", "n1", "started_evaluation"),
    { ...denied, afterMs: 9_000 },
  ),
  unarchivedOnly: life(
    ["approved"],
    approved,
    archived,
    { ...unarchived, afterMs: 500 },
    of("a", "n2", "completed_review", { outcome: "Denied" }),
  ),
  retriggeredSame: life(
    ["approved", "approved"],
    approved,
    { type: "journey_application_retriggered", status: "running", afterMs: 800 },
    { ...approved, afterMs: 8_000 },
  ),
  answerAlone: life(["approved"], { type: null, status: "completed", outcome: "Approved" }),
  errorThenCompleted: life(["errored", "approved"], failed, { ...approved, afterMs: 4_000 }),
  retries: life(
    ["denied"],
    ...ACTION,
    ...ACTION.map((step, index) => (index === 0 ? { ...step, afterMs: 900 } : step)),
    denied,
  ),
  bothApplicantsInOneMoment: {
    steps: [
      { type: "started_application", status: "running" },
      ...["a", "b", "c"].map((one) => of(one, "n1", "started_evaluation", { afterMs: 0 })),
      ...["a", "b", "c"].map((one) =>
        of(one, "n1", "completed_branch", { outcome: "Approved", afterMs: 0 }),
      ),
      { ...approved, afterMs: 0 },
    ],
    decisions: ["approved"],
  },
  open: life([], of("a", "n4", "pending_step_up", { status: "pending_step_up" })),
  unknownType: life(["approved"], of("a", "n4", "paused_by_vendor"), approved),
};

export const STORY_NAMES: readonly string[] = Object.keys(LIVES);

export function tell(name: string, draw: Draw, loss: number): Story {
  const lived = LIVES[name];
  if (lived === undefined) throw new Error(`There is no story ${name}.`);
  const steps = lived.steps.map((step) => ({
    afterMs: 50 + Math.floor(draw() * 250),
    applicant: null,
    node: null,
    ...step,
    deliveries: deliveries(draw, loss),
  }));
  return { name, steps, decisions: lived.decisions };
}

function deliveries(draw: Draw, loss: number): readonly number[] {
  if (draw() < loss) return [];
  const soon = () => Math.floor(draw() * 1_500);
  return draw() < 0.25 ? [soon(), soon()] : [soon()];
}
