import { outcomeOf } from "../../../lambdas/domain/application/application-state.ts";
import { correctionBody } from "../../../lambdas/domain/application/correction.ts";
import { decisionBody } from "../../../lambdas/domain/application/decision.ts";
import type { ConsumerSettings } from "../../../lambdas/settings/consumer-settings.ts";
import type { MemoryApplicationTable } from "../../../tools/cloud-in-memory/application-table.ts";
import { MINUTE } from "../../../tools/cloud-in-memory/clock.ts";
import { aConsumer, idempotencyWith } from "../../support/consumer.ts";
import type { TestConsumer } from "../../support/consumer.ts";
import { aDecision } from "../../support/decisions.ts";
import { investigationWebhookOf } from "../../support/investigations.ts";
import { aCorrection } from "../../support/snapshots.ts";
import type { Mutants } from "./mutant.ts";
import { aTable } from "./plant.ts";

const AT = Date.UTC(2026, 10, 23, 20);

const DENIED = {
  journey_application_token: "JA-1",
  journey_token: "J-1",
  type: "completed_application",
  outcome: "Denied",
  timestamp: AT,
};

type Table = Partial<MemoryApplicationTable>;

const MERGES_NOTHING: Table = {
  mergeState: async (observation) => ({ before: observation, after: observation }),
};

const recordsNothing = (isNew: boolean): Table => ({
  recordEvent: async ({ receiptId, receivedAt, outcome }) => ({
    isNew,
    receiptId,
    receivedAt,
    isWithheld: false,
    outcome,
  }),
});

/**
 * The poller brings a message of what had its effect, as its idempotency record says, to a consumer over a table that has
 * nothing of it, as after a restore.
 *
 * @returns what is wrong afterwards; null: nothing.
 */
async function faultAfter(
  body: string,
  store: MemoryApplicationTable,
  faultIn: (consumer: TestConsumer) => string | null,
  settings: Partial<ConsumerSettings> = {},
): Promise<string | null> {
  const idempotency = idempotencyWith({ begin: async () => "duplicate" });
  const consumer = aConsumer({ settings, idempotency, store });
  await consumer.copy(body);
  return consumer.published.length > 0 ? "it is published once more" : faultIn(consumer);
}

function faultUnlessDenied({ state }: TestConsumer): string | null {
  const kept = state("JA-1");
  const outcome = kept === undefined ? null : outcomeOf(kept);
  return outcome === "Denied" ? null : `the state has ${outcome}`;
}

function faultUnlessRecorded({ store }: TestConsumer): string | null {
  return store.events.size === 1 ? null : `${store.events.size} events are recorded`;
}

/** What goes wrong with what had its effect, and is not in the table. */
export const REPAIR_MUTANTS: Mutants = {
  "repair-forgotten": {
    what: "an event that had its effect and is brought again is neither recorded nor merged",
    hunt: (isPlanted) =>
      faultAfter(
        JSON.stringify({ type: "update:journeyapplications:sandbox", data: DENIED }),
        // Nothing is written of an event whose idempotency record is complete.
        aTable(isPlanted, () => ({ ...recordsNothing(false), ...MERGES_NOTHING })),
        (consumer) => faultUnlessRecorded(consumer) ?? faultUnlessDenied(consumer),
      ),
  },
  "repair-of-answers-forgotten": {
    what: "an answer of Alloy's that had its effect and is brought again is not merged",
    hunt: (isPlanted) =>
      faultAfter(
        correctionBody(
          aCorrection({ status: "completed", outcome: "Denied", at: AT }, { askedAt: AT + MINUTE }),
        ),
        aTable(isPlanted, () => MERGES_NOTHING),
        faultUnlessDenied,
      ),
  },
  "repair-of-decisions-forgotten": {
    what: "a decision that had its effect and is brought again is not merged",
    hunt: (isPlanted) =>
      faultAfter(
        decisionBody(aDecision("first")),
        aTable(isPlanted, () => MERGES_NOTHING),
        ({ state }) => (state("JA-1")?.decided ? null : "no decision stands"),
        { decides: true },
      ),
  },
  "repair-of-steps-forgotten": {
    what: "a step of an Investigation that had its effect and is brought again is not recorded",
    hunt: (isPlanted) =>
      faultAfter(
        investigationWebhookOf(),
        aTable(isPlanted, () => recordsNothing(true)),
        faultUnlessRecorded,
        { investigations: true },
      ),
  },
};
