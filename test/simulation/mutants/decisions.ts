import { isDecisionBody } from "../../../lambdas/domain/application/decision.ts";
import type { PublishedEvent } from "../../../lambdas/domain/routing/published-event.ts";
import type { AlloyApplication } from "../../../lambdas/domain/reconciliation/alloy-application.ts";
import { DECISION_SETTINGS, DecidedWorld } from "../../support/decided-world.ts";
import { ASKED_OF_DECISIONS } from "../scenario/decisions.ts";
import type { Mutants } from "./mutant.ts";
import { inConsumer, inPoller, publishing, queuedBy } from "./plant.ts";

type Wrong = ConstructorParameters<typeof DecidedWorld>[2];

/** Plays the world of decisions, and compares the bus with what Alloy decided. */
async function played(wrong: Wrong): Promise<string | null> {
  const world = new DecidedWorld(14, DECISION_SETTINGS, wrong);
  await world.play(60);
  const [first, ...others] = world.wrong();
  if (first === undefined) return null;
  const { token, decisions } = first;
  const published = world.decisionsOnBus(token).length;
  return `${token} made ${decisions.length} decisions, and ${published} are published; ${others.length} more are wrong`;
}

/** What is absent, as if Alloy had said that there is none. */
function withEmptyOutput({ ended, ...rest }: AlloyApplication): AlloyApplication {
  const output = ended?.["terminal_reconciliation_output"] ?? {
    outcome_reasons: [],
    tags: [],
    output_attributes: {},
  };
  return { ...rest, ended: ended && { ...ended, terminal_reconciliation_output: output } };
}

function isDecided({ route }: PublishedEvent): boolean {
  return route === "decided";
}

function withoutMarks({ decision, ...event }: PublishedEvent): PublishedEvent {
  if (decision === undefined) return event;
  const outcomeReasons =
    decision.outcomeReasons?.map((reason) => ({ ...reason, adverseAction: false })) ?? null;
  return { ...event, decision: { ...decision, outcomeReasons } };
}

/** What goes wrong with the whole decision. */
export const DECISION_MUTANTS: Mutants = {
  "decision-published-twice": {
    what: "a decision is on the bus twice",
    needs: "decision",
    plant: () =>
      publishing((right) => async (events) => {
        const answers = await right([...events, ...events.filter((event) => isDecided(event))]);
        return answers.slice(0, events.length);
      }),
  },
  "decision-never-published": {
    what: "the poller finds a decision, and does not queue it",
    needs: "decision",
    plant: () => queuedBy((envelope) => (isDecisionBody(envelope.body ?? "") ? null : envelope)),
  },
  "decision-published-where-nobody-asks": {
    what: "a stage that asks for no decision publishes it",
    plant: () => ({
      ...inConsumer(({ settings }) => ({ settings: { ...settings, decides: true } })),
      ...inPoller(({ settings }) => ({ settings: { ...settings, decision: ASKED_OF_DECISIONS } })),
    }),
  },
  "decision-lost-behind-the-next-one": {
    what: "a decision that the bus refused is not published once the next one stands",
    needs: "decision",
    within: 800,
    plant: () =>
      publishing((right) => async (events) => {
        const kept = events.filter((event) => !(isDecided(event) && event.late));
        const answers = kept.length > 0 ? await right(kept) : [];
        return events.map((event) => answers[kept.indexOf(event)] ?? null);
      }),
  },
  "decision-in-a-log": {
    what: "the consumer logs what it publishes",
    needs: "decision",
    plant: () =>
      inConsumer(({ publisher, logger }) => ({
        publisher: {
          publish(events) {
            logger.debug("consumer.event.ignored", { reason: JSON.stringify(events) });
            return publisher.publish(events);
          },
        },
      })),
  },
  "decision-in-an-idempotency-record": {
    what: "the idempotency record of a decision has its content for a key",
    needs: "decision",
    plant: () => ({
      consumerDependencies: ({ publisher, idempotency, ...right }) => ({
        ...right,
        idempotency,
        publisher: {
          async publish(events) {
            for (const event of events.filter((one) => isDecided(one))) {
              await idempotency.begin(JSON.stringify(event), 1_000);
            }
            return publisher.publish(events);
          },
        },
      }),
    }),
  },
  "decision-without-its-marks": {
    what: "no reason of a decision is marked as one of adverse action",
    needs: "decision",
    plant: () =>
      publishing((right) => (events) => right(events.map((event) => withoutMarks(event)))),
  },
  "decision-takes-absent-for-none": {
    what: "an answer that leaves out the reasons is a decision without reasons",
    hunt: (isPlanted) => played(isPlanted ? { read: withEmptyOutput } : {}),
  },
  "decision-is-not-kept": {
    what: "the state does not keep which decision stands",
    hunt: (isPlanted) =>
      played(
        isPlanted
          ? {
              store: (right) => ({
                mergeState: (observation, check) =>
                  right.mergeState({ ...observation, decided: null }, check),
              }),
            }
          : {},
      ),
  },
  "decision-survives-a-reopening": {
    what: "the same outcome after a reopening is taken for the decision before it",
    hunt: (isPlanted) =>
      played(
        isPlanted
          ? {
              store: (right) => ({
                mergeState: ({ decided, ...observation }, check) =>
                  right.mergeState(
                    { ...observation, decided: decided && { ...decided, since: null } },
                    check,
                  ),
              }),
            }
          : {},
      ),
  },
};
