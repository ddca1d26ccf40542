/*
 * The numbers of an application's effects (docs/decisions/0055). The merge gives an effect the next number, since all merges
 * of an application come one after another, and keeps whose number it is. So every try of an effect finds the same number.
 */

/** The effects of one application, in the order of their numbers. */
export interface EffectNumbers {
  /** So many effects are stored apart from the application; the first of `ids` has the number after them. */
  readonly apart: number;
  /** What is kept of the effects' ids (`effectIdOf`). */
  readonly ids: readonly string[];
}

export const NO_NUMBERS: EffectNumbers = { apart: 0, ids: [] };

/** Digits of an id that are kept: among 100 effects, two are alike in one of 57 billion applications. */
const DIGITS = 12;

/** What is kept of an effect's id; the application's item must stay small. */
export function effectIdOf(eventId: string): string {
  return eventId.slice(0, DIGITS);
}

/** The number of an effect that is known under any of these ids; null: it has none, or is stored apart. */
export function numberOf(
  { apart, ids }: EffectNumbers,
  eventIds: readonly string[],
): number | null {
  const kept = new Set(eventIds.map((eventId) => effectIdOf(eventId)));
  const index = ids.findIndex((id) => kept.has(id));
  return index === -1 ? null : apart + index + 1;
}

/** Whether an effect may have a number: of many, the oldest are stored apart. */
export function mayHaveNumber(numbers: EffectNumbers, eventId: string): boolean {
  return numbers.apart > 0 || numberOf(numbers, [eventId]) !== null;
}

/** With an effect, which gets the next number, unless it has one. */
export function withEffect(numbers: EffectNumbers, eventId: string): EffectNumbers {
  if (numberOf(numbers, [eventId]) !== null) return numbers;
  return { ...numbers, ids: [...numbers.ids, effectIdOf(eventId)] };
}

/** The numbers with those that are stored apart, which are as many as `apart` says. */
export function allEffects(apart: readonly string[], { ids }: EffectNumbers): EffectNumbers {
  return { apart: 0, ids: [...apart, ...ids] };
}

/** The join: numbers are only ever added, so the longer list has the shorter one's. */
export function mergeNumbers(left: EffectNumbers, right: EffectNumbers): EffectNumbers {
  const [one, other] = [left, right].map(({ apart, ids }) => apart + ids.length);
  return (one ?? 0) >= (other ?? 0) ? left : right;
}
