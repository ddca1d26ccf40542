import * as v from "valibot";

import { investigationKey } from "../../lambdas/adapters/dynamo/application-item.ts";
import { ReportSchema } from "../../lambdas/adapters/dynamo/dynamo-investigations.ts";
import type { InvestigationReport } from "../../lambdas/domain/reconciliation/investigation.ts";
import { METADATA_ATTRIBUTES } from "../../lambdas/settings/names.ts";
import { EventSchema } from "./application.ts";
import type { StoredEvent } from "./application.ts";
import { itemsUnder, stateIn } from "./person.ts";
import type { ConnectedStack } from "./stack.ts";

const StateSchema = v.object({
  reports: v.nullish(v.array(ReportSchema), []),
  status: v.nullish(v.string(), null),
  gap: v.optional(v.unknown()),
});

/** What the table holds of one Investigation; of its failures the gap tells, since each is an attribute of its own name. */
export interface StoredInvestigation {
  readonly token: string;
  readonly status: string | null;
  /** Oldest first. */
  readonly steps: readonly InvestigationReport[];
  readonly gap?: unknown;
  readonly events: readonly StoredEvent[];
}

/** Reads an Investigation, as `readApplication` does an application; null when none of this token is known. */
export async function readInvestigation(
  stack: ConnectedStack,
  token: string,
  attributes: "metadata" | "all",
): Promise<StoredInvestigation | null> {
  const projected = attributes === "metadata" ? METADATA_ATTRIBUTES : undefined;
  const items = await itemsUnder(stack, investigationKey(token), projected);
  const state = v.safeParse(StateSchema, stateIn(items));
  if (!state.success) return null;
  const { reports: steps, ...rest } = state.output;
  const events = items.flatMap((item) => {
    const event = v.safeParse(EventSchema, item);
    return event.success ? [event.output] : [];
  });
  return { token, steps, ...rest, events };
}
