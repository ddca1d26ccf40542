/** A report to be assigned, and what decides whose it is. */
export interface Candidate<Report> {
  readonly report: Report;
  /** Only what is of one kind goes together. */
  readonly kind: string;
  /** Epoch milliseconds. */
  readonly at: number;
  /** Decides where nothing else does. */
  readonly order: string;
  /** Null: not known on this side. */
  readonly values: readonly (string | null)[];
}

/** What a pair has in common: so much apart, so many fields known to both and equal, or to one alone. */
export interface Likeness {
  readonly apartMs: number;
  readonly agreeing: number;
  readonly oneSided: number;
}

/** Both sides of what may belong together. */
export interface Group<Event, Record> {
  readonly events: readonly Candidate<Event>[];
  readonly records: readonly Candidate<Record>[];
}

/** What a pair has in common; null when it cannot be one event. */
export function likenessOf(
  one: Candidate<unknown>,
  other: Candidate<unknown>,
  mostApartMs: number,
): Likeness | null {
  const apartMs = Math.abs(one.at - other.at);
  if (apartMs > mostApartMs) return null;
  let agreeing = 0;
  let oneSided = 0;
  for (const [index, value] of one.values.entries()) {
    const otherValue = other.values[index] ?? null;
    if (value !== null && value === otherValue) agreeing += 1;
    else if (value !== null && otherValue !== null) return null;
    else if (value !== otherValue) oneSided += 1;
  }
  return { apartMs, agreeing, oneSided };
}
