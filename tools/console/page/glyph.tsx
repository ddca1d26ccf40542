import type { DotKind } from "../view.ts";

/** Each kind has a form of its own: nobody has to tell colours apart. */
const FORMS: Readonly<Record<DotKind, string>> = {
  received: "M0-4.5a4.5 4.5 0 1 0 .01 0z",
  retried: "M0-5.5 5 4-5 4z",
  healed: "M0-6 6 0 0 6-6 0z",
  late: "M0-4.5a4.5 4.5 0 1 0 .01 0zM0-2a2 2 0 1 1-.01 0z",
  replayed: "M-4.5-4.5h9v9h-9z",
  missing: "M0-5a5 5 0 1 0 .01 0zM0-3.2a3.2 3.2 0 1 1-.01 0z",
  failing: "M0 5.5 5-4-5-4z",
  "dead-lettered": "M-5-3-3-5 0-2 3-5 5-3 2 0 5 3 3 5 0 2-3 5-5 3-2 0z",
};

/** What each kind means, in the words of the legend. */
export const MEANINGS: Readonly<Record<DotKind, string>> = {
  received: "received by the first webhook",
  retried: "received after a retry of Alloy",
  healed: "healed by the poller",
  late: "came after a newer event",
  replayed: "replayed by a person",
  missing: "missing here",
  failing: "failing, being retried",
  "dead-lettered": "dead-lettered",
};

export function Glyph({
  kind,
  x,
  y,
}: {
  readonly kind: DotKind;
  readonly x: number;
  readonly y: number;
}) {
  return (
    <path
      class={`dot ${kind}`}
      d={FORMS[kind]}
      fill-rule="evenodd"
      transform={`translate(${x} ${y})`}
    />
  );
}

/** The form by itself, in a text. */
export function Mark({ kind }: { readonly kind: DotKind }) {
  return (
    <svg class="mark" width="14" height="14" viewBox="-7 -7 14 14" aria-hidden="true">
      <Glyph kind={kind} x={0} y={0} />
    </svg>
  );
}
