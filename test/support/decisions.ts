import type { Decision } from "../../lambdas/domain/application/decision.ts";
import { stampOfAnswer } from "../../lambdas/domain/application/stamp.ts";
import { aCorrection } from "./snapshots.ts";

/** In every field that may be personal. */
export const MARK = "Q7marked";

const AT = 1_760_000_000_000;

/**
 * That Alloy has denied JA-1, for a reason that names the id. Each field has the mark.
 *
 * @param previous - the id of the decision before it; null: it is the first.
 */
export function aDecision(
  decisionId: string,
  previous: string | null = null,
  { applicationToken = "JA-1", at = AT, mark = MARK } = {},
): Decision {
  const status = "completed";
  const outcome = "Denied";
  const { snapshot } = aCorrection({ applicationToken, status, outcome, at });
  return {
    snapshot,
    askedAt: at,
    decided: {
      decisionId,
      previous,
      stamp: stampOfAnswer(at, at),
      status,
      outcome,
      since: null,
      asked: "asked",
      reasons: `digest of ${decisionId}`,
      tags: null,
      outputs: null,
    },
    content: {
      outcomeReasons: [
        { name: `${mark} ${decisionId}`, type: "adverse_action", adverseAction: true },
      ],
      tags: [`${mark} tag`],
      outputAttributes: { credit_limit: mark },
      omitted: null,
    },
    dashboardUrl: null,
  };
}
