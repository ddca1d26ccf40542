import { mergeState } from "./application-state.ts";
import type { ApplicationState } from "./application-state.ts";
import { stateOfIds } from "./observation.ts";
import type { Snapshot } from "./observation.ts";

/**
 * The ids that Alloy's answer names and that are not known here, as an observation. No webhook names the client's id of the
 * application, or the group of a chain's root.
 *
 * @param askedAt - when Alloy was asked, epoch milliseconds.
 * @returns null when it names none.
 */
export function learnedIds(
  state: ApplicationState,
  snapshot: Snapshot,
  askedAt: number,
): ApplicationState | null {
  const { externalIds, chain, entityIds = {} } = snapshot;
  const unknown = <Id>(said: Id | null, known: Id | null) => (said === known ? null : said);
  const observation = stateOfIds({
    ...snapshot,
    askedAt,
    externalIds: {
      group: unknown(externalIds.group, state.externalIds.group),
      partner: unknown(externalIds.partner, state.externalIds.partner),
      application: unknown(externalIds.application, state.externalIds.application),
    },
    rootGroup: unknown(chain.rootGroup ?? null, state.chain.rootGroup?.token ?? null),
    entityIds,
  });
  const merged = mergeState(state, observation);
  return idsIn(merged) === idsIn(state) ? null : observation;
}

function idsIn({ externalIds, entityIds, chain }: ApplicationState): string {
  const { group, partner, application } = externalIds;
  const entities = Object.entries(entityIds).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return JSON.stringify([group, partner, application, chain.rootGroup, entities]);
}
