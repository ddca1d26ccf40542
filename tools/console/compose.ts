import * as v from "valibot";

import { parseScenario } from "../alloy-simulator/scenario.ts";
import type { Scenario, ScenarioStep } from "../alloy-simulator/scenario.ts";
import { OperatorError } from "../ops/operator-error.ts";
import type { ComposableStep } from "./view.ts";

type Step = Omit<ScenarioStep, "afterSeconds">;

/** Of the applicant, at a node of the Journey. */
const of = (event: string, node: string, rest: Partial<Step> = {}): Step => ({
  event,
  entity: "applicant",
  node,
  ...rest,
});

/** What a composed application can go through, by what a person calls it. */
const STEPS: readonly (ComposableStep & { readonly step: Step })[] = [
  {
    id: "check-begins",
    title: "Identity check begins",
    step: of("started_evaluation", "identity"),
  },
  {
    id: "check-approves",
    title: "Identity check approves",
    step: of("completed_evaluation", "identity", { outcome: "Approved", status: "running" }),
  },
  {
    id: "vendor-waits",
    title: "A vendor does not answer",
    step: of("pending_workflow_service", "identity", { status: "pending_workflow_service" }),
  },
  {
    id: "documents",
    title: "Documents are requested",
    step: of("pending_documents", "documents", { status: "pending_documents" }),
  },
  {
    id: "step-up",
    title: "Step-up is requested",
    step: of("pending_step_up", "identity", { status: "pending_step_up" }),
  },
  {
    id: "action",
    title: "An action is requested",
    step: of("pending_action", "action", { status: "pending_action" }),
  },
  {
    id: "action-done",
    title: "The action is completed",
    step: of("completed_action", "action", { outcome: "Completed", status: "running" }),
  },
  {
    id: "review",
    title: "An agent is to review",
    step: of("pending_review", "review", { status: "waiting_review" }),
  },
  {
    id: "reviewed",
    title: "The agent approves",
    step: of("completed_review", "review", { outcome: "Approved", status: "running" }),
  },
  { id: "unknown", title: "An event that nobody knows yet", step: { event: "quantum_check" } },
  {
    id: "approved",
    title: "Approved",
    step: {
      event: "completed_application",
      node: "approved",
      outcome: "Approved",
      status: "completed",
    },
  },
  {
    id: "denied",
    title: "Denied",
    step: {
      event: "completed_application",
      node: "denied",
      outcome: "Denied",
      status: "completed",
    },
  },
  { id: "error", title: "Error", step: { event: "error", status: "error" } },
  { id: "expired", title: "Expired", step: { event: "application_expired", status: "expired" } },
];

export const COMPOSABLE_STEPS: readonly ComposableStep[] = STEPS.map(({ id, title }) => ({
  id,
  title,
}));

/** The simulator's Journey for one applicant. */
const JOURNEY = "J-simConsumer4TqW8nLz";

const STEPS_MOST = 30;
const DAY_SECONDS = 86_400;

/** What a person composes in the page. */
export const ComposedSchema = v.strictObject({
  steps: v.pipe(v.array(v.string()), v.minLength(1), v.maxLength(STEPS_MOST)),
  /** As they would pass at the real Alloy. */
  secondsBetween: v.pipe(v.number(), v.minValue(0), v.maxValue(DAY_SECONDS)),
  copies: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(5)),
  isReversed: v.boolean(),
  isLost: v.boolean(),
});

/** The scenario of a composed application. @throws OperatorError when Alloy could not have it. */
export function scenarioOf(composed: v.InferOutput<typeof ComposedSchema>): Scenario {
  const { secondsBetween, copies, isReversed, isLost } = composed;
  const steps = composed.steps.map((id) => {
    const found = STEPS.find((one) => one.id === id);
    if (found === undefined) throw new OperatorError(`There is no step "${id}".`);
    return { afterSeconds: secondsBetween, ...found.step };
  });
  const status = steps.findLast((step) => step.status !== undefined)?.status ?? "running";
  const end = steps.findLast(({ event }) => event === "completed_application");
  try {
    return parseScenario(
      {
        name: "composed",
        title: "Composed",
        story: "A person composed it in the console.",
        journey: JOURNEY,
        entities: [{ ref: "applicant", type: "person", name: "Ada Example", branch: "persons" }],
        delivery: {
          copiesAtSeconds: Array.from({ length: copies }, () => 0),
          order: isReversed ? "reversed" : "raised",
          lost: isLost,
        },
        steps: [{ afterSeconds: 0, event: "started_application", status: "running" }, ...steps],
        expected: {
          status,
          outcome: status === "completed" ? (end?.outcome ?? null) : null,
          published: {},
        },
      },
      "The application",
    );
  } catch (error) {
    throw new OperatorError(error instanceof Error ? error.message : String(error), {
      cause: error,
    });
  }
}
