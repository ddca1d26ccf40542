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

const approved = {
  type: "completed_application",
  status: "completed",
  outcome: "Approved",
  node: "n9",
};
const denied = { ...approved, outcome: "Denied" };

const START: readonly Plain[] = [
  { type: "started_application", status: "running" },
  { type: "started_evaluation", applicant: "a", node: "n1" },
  { type: "completed_evaluation", applicant: "a", node: "n1", outcome: "Approved" },
];

const REVIEWS: readonly Plain[] = [
  { type: "pending_review", applicant: "a", node: "n2", status: "waiting_review" },
  { type: "pending_review", applicant: "b", node: "n2", afterMs: 5 },
  { type: "completed_review", applicant: "a", node: "n2", outcome: "Approved" },
  {
    type: "completed_review",
    applicant: "b",
    node: "n2",
    outcome: "Denied",
    afterMs: 1,
    status: "running",
  },
];

/** Lives, by name; the decisions that downstream is to hear in the end. */
const LIVES: Readonly<Record<string, { steps: readonly Plain[]; decisions: readonly string[] }>> = {
  approved: { steps: [...START, ...REVIEWS, approved], decisions: ["approved"] },
  denied: { steps: [...START, denied], decisions: ["denied"] },
  withoutOutcome: { steps: [...START, { ...approved, outcome: null }], decisions: ["completed"] },
  otherOutcome: { steps: [...START, { ...approved, outcome: "Refer" }], decisions: ["completed"] },
  upperOutcome: {
    steps: [...START, { ...approved, outcome: "APPROVED" }],
    decisions: ["approved"],
  },
  errored: { steps: [...START, { type: "error", status: "error" }], decisions: ["errored"] },
  applicantErrors: {
    steps: [...START, { type: "error", applicant: "a", node: "n1" }, ...REVIEWS, approved],
    decisions: ["approved"],
  },
  applicantErrorsAfterEnd: {
    steps: [...START, approved, { type: "error", applicant: "b", node: "n1", afterMs: 300 }],
    decisions: ["approved"],
  },
  expired: {
    steps: [...START, { type: "application_expired", status: "expired" }],
    decisions: ["expired"],
  },
  secondEndCounts: {
    steps: [...START, approved, { ...denied, afterMs: 700 }],
    decisions: ["approved", "denied"],
  },
  secondEndIsNone: {
    steps: [...START, approved, { ...denied, changesOutcome: false, afterMs: 700 }],
    decisions: ["approved"],
  },
  endTwice: {
    steps: [...START, approved, { ...approved, afterMs: 700 }],
    decisions: ["approved"],
  },
  rerun: {
    steps: [
      ...START,
      approved,
      { type: "started_rerun_application", reruns: true },
      {
        type: "completed_review",
        applicant: "a",
        node: "n2",
        outcome: "Approved",
        changesOutcome: false,
      },
    ],
    decisions: ["approved"],
  },
  unarchivedOpen: {
    steps: [
      ...START,
      approved,
      { type: "application_archived" },
      { type: "application_unarchived", status: "running", afterMs: 1_000 },
      { type: "started_evaluation", applicant: "a", node: "n1" },
      { ...denied, afterMs: 9_000 },
    ],
    decisions: ["approved", "denied"],
  },
  unarchivedOnly: {
    steps: [
      ...START,
      approved,
      { type: "application_archived" },
      { type: "application_unarchived", afterMs: 500 },
      { type: "completed_review", applicant: "a", node: "n2", outcome: "Denied" },
    ],
    decisions: ["approved"],
  },
  retriggeredSame: {
    steps: [
      ...START,
      approved,
      { type: "journey_application_retriggered", status: "running", afterMs: 800 },
      { ...approved, afterMs: 8_000 },
    ],
    decisions: ["approved", "approved"],
  },
  answerAlone: {
    steps: [...START, { type: null, status: "completed", outcome: "Approved" }],
    decisions: ["approved"],
  },
  errorThenCompleted: {
    steps: [...START, { type: "error", status: "error" }, { ...approved, afterMs: 4_000 }],
    decisions: ["errored", "approved"],
  },
  retries: {
    steps: [
      ...START,
      { type: "pending_action", applicant: "a", node: "n3", status: "pending_action" },
      {
        type: "completed_action",
        applicant: "a",
        node: "n3",
        outcome: "done",
        status: "running",
        changesOutcome: false,
      },
      {
        type: "pending_action",
        applicant: "a",
        node: "n3",
        status: "pending_action",
        afterMs: 900,
      },
      {
        type: "completed_action",
        applicant: "a",
        node: "n3",
        outcome: "done",
        status: "running",
        changesOutcome: false,
      },
      denied,
    ],
    decisions: ["denied"],
  },
  bothApplicantsInOneMoment: {
    steps: [
      { type: "started_application", status: "running" },
      ...["a", "b", "c"].map((applicant) => ({
        type: "started_evaluation",
        applicant,
        node: "n1",
        afterMs: 0,
      })),
      ...["a", "b", "c"].map((applicant) => ({
        type: "completed_branch",
        applicant,
        node: "n1",
        outcome: "Approved",
        afterMs: 0,
      })),
      { ...approved, afterMs: 0 },
    ],
    decisions: ["approved"],
  },
  open: {
    steps: [
      ...START,
      { type: "pending_step_up", applicant: "a", node: "n4", status: "pending_step_up" },
    ],
    decisions: [],
  },
  unknownType: {
    steps: [...START, { type: "paused_by_vendor", applicant: "a", node: "n4" }, approved],
    decisions: ["approved"],
  },
};

export const STORY_NAMES: readonly string[] = Object.keys(LIVES);

export function tell(name: string, draw: Draw, loss: number): Story {
  const life = LIVES[name];
  if (life === undefined) throw new Error(`There is no story ${name}.`);
  const steps = life.steps.map((step) => ({
    afterMs: 50 + Math.floor(draw() * 250),
    applicant: null,
    node: null,
    ...step,
    deliveries: deliveries(draw, loss),
  }));
  return { name, steps, decisions: life.decisions };
}

function deliveries(draw: Draw, loss: number): readonly number[] {
  if (draw() < loss) return [];
  const soon = () => Math.floor(draw() * 1_500);
  return draw() < 0.25 ? [soon(), soon()] : [soon()];
}
