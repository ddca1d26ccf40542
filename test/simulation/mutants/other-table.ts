import type { ApplicationState } from "../../../lambdas/domain/application-state.ts";
import type { CheckRequest, Merged } from "../../../lambdas/domain/ports.ts";
import { MemoryApplicationTable } from "../../../tools/memory/application-table.ts";

export type Join = (
  before: ApplicationState,
  observation: ApplicationState,
  check: CheckRequest,
) => ApplicationState;

/** The table in memory with another join; with the right one when there is none. */
export class OtherTable extends MemoryApplicationTable {
  readonly #join: Join | null;

  constructor(join: Join | null) {
    super();
    this.#join = join;
  }

  override async mergeState(observation: ApplicationState, check: CheckRequest): Promise<Merged> {
    const { applicationToken } = observation;
    const before = this.applications.get(applicationToken)?.state ?? null;
    const right = await super.mergeState(observation, check);
    const kept = this.applications.get(applicationToken);
    if (this.#join === null || before === null || kept === undefined) return right;
    const after = this.#join(before, observation, check);
    this.applications.set(applicationToken, { ...kept, state: after });
    return { before, after };
  }
}
