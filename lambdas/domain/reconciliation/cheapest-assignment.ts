import { likenessOf } from "./candidate.ts";
import type { Candidate, Group } from "./candidate.ts";

/**
 * Two distances in time are compared in steps of so many milliseconds: a side may round, and clocks
 * differ a little. Within a step, what the reports say decides.
 *
 * The same millisecond is a step of its own. A field that one side leaves out does not contradict it.
 */
const STEP_MS = 10;

/*
 * What a pair costs, in whole numbers, so that a sum of 64 pairs is exact and each rule outweighs all the rules
 * after it together. Rest of a step: at most 9, so 64 pairs stay below 2^10. Fields: at most 6 × 5 + 5, so below
 * 2^22. Steps squared: at most 201², so below 2^44. And 64 × 2^44 is 2^50.
 */
const PER_FIELD = 2 ** 10;
const PER_SQUARE_STEP = 2 ** 22;
/** More than all pairs of an assignment together: it is chosen only where nothing else is left. */
const IMPOSSIBLE = 2 ** 44;

/**
 * Assigns the records of a group to its events: as many as can be, and of those assignments the best
 * (Kuhn and Munkres, "Hungarian method", with potentials). Cubic in the smaller side.
 *
 * @param group - at most 64 of a side, in a fixed order, which decides between equally good assignments.
 */
export function cheapestAssignment<Event, Record>(
  { events, records }: Group<Event, Record>,
  mostApartMs: number,
): readonly (readonly [Event, Record])[] {
  const costOf = (one: Candidate<unknown>, other: Candidate<unknown>) => {
    const likeness = likenessOf(one, other, mostApartMs);
    if (likeness === null) return IMPOSSIBLE;
    const { agreeing, apartMs, oneSided } = likeness;
    // By their square, so that of four that were all shifted by one second, two are not exchanged.
    const steps = stepsIn(apartMs) ** 2;
    const unlike = (one.values.length - agreeing) * (one.values.length + 1) + oneSided;
    return steps * PER_SQUARE_STEP + unlike * PER_FIELD + Math.floor(apartMs % STEP_MS);
  };
  return events.length <= records.length
    ? cheapest(events, records, costOf).map(([one, other]) => [one.report, other.report])
    : cheapest(records, events, costOf).map(([one, other]) => [other.report, one.report]);
}

function stepsIn(apartMs: number): number {
  return apartMs < 1 ? 0 : Math.floor(apartMs / STEP_MS) + 1;
}

interface Row<One> {
  readonly one: One;
  readonly costs: readonly number[];
  price: number;
}

interface Column<One, Other> {
  readonly other: Other | null;
  price: number;
  owner: Row<One> | null;
  /** The cost of the cheapest path to this column in the search in progress, and the column before it on that path. */
  slack: number;
  before: Column<One, Other> | null;
  isReached: boolean;
}

/** Gives each of `ones` one of `others`, which must be as many or more; leaves out impossible pairs. */
function cheapest<One, Other>(
  ones: readonly One[],
  others: readonly Other[],
  costOf: (one: One, other: Other) => number,
): readonly (readonly [One, Other])[] {
  const columns = others.map((other) => columnOf<One, Other>(other, null));
  for (const one of ones) {
    place({ one, costs: others.map((other) => costOf(one, other)), price: 0 }, columns);
  }
  return columns.flatMap(({ other, owner }, index) =>
    other === null || owner === null || (owner.costs[index] ?? IMPOSSIBLE) >= IMPOSSIBLE
      ? []
      : [[owner.one, other] as const],
  );
}

/** Finds the cheapest way to a free column, on which each column's owner moves to the next one. */
function place<One, Other>(row: Row<One>, columns: readonly Column<One, Other>[]): void {
  for (const column of columns) {
    column.slack = Infinity;
    column.isReached = false;
  }
  const start = columnOf<One, Other>(null, row);
  const reached = [start];
  let last = start;
  while (last.owner !== null) {
    const next = nearestFrom(last, last.owner, columns);
    if (next === null) return;
    const { slack } = next;
    for (const column of reached) {
      column.price -= slack;
      if (column.owner !== null) column.owner.price += slack;
    }
    for (const column of columns) {
      if (!column.isReached) column.slack -= slack;
    }
    next.isReached = true;
    reached.push(next);
    last = next;
  }
  while (last.before !== null) {
    last.owner = last.before.owner;
    last = last.before;
  }
}

function nearestFrom<One, Other>(
  last: Column<One, Other>,
  { costs, price }: Row<One>,
  columns: readonly Column<One, Other>[],
): Column<One, Other> | null {
  let nearest: Column<One, Other> | null = null;
  for (const [index, column] of columns.entries()) {
    if (column.isReached) continue;
    const slack = (costs[index] ?? IMPOSSIBLE) - price - column.price;
    if (slack < column.slack) {
      column.slack = slack;
      column.before = last;
    }
    if (nearest === null || column.slack < nearest.slack) nearest = column;
  }
  return nearest;
}

function columnOf<One, Other>(other: Other | null, owner: Row<One> | null): Column<One, Other> {
  return { other, owner, price: 0, slack: 0, before: null, isReached: true };
}
