import { xOf } from "../axis.ts";
import type { Axis } from "../axis.ts";
import type { DotKind } from "../view.ts";
import { Glyph } from "./glyph.tsx";

/** One event of a track. */
export interface TrackDot {
  readonly key: string;
  readonly kind: DotKind;
  readonly at: number;
  readonly cameAt: number | null;
  readonly title: string;
}

const HEIGHT = 28;
const MIDDLE = HEIGHT / 2;

/** The events of an application on the time axis: a line from when it happened to when it came, and a form there. */
export function Track({
  axis,
  dots,
  gapSince,
}: {
  readonly axis: Axis;
  readonly dots: readonly TrackDot[];
  readonly gapSince: number | null;
}) {
  const seen = dots.filter((dot) => Math.max(dot.at, dot.cameAt ?? axis.to) >= axis.from);
  return (
    <svg class="track" width={axis.width} height={HEIGHT} aria-hidden="true" focusable="false">
      <line class="base" x1="0" x2={axis.width} y1={MIDDLE} y2={MIDDLE} />
      {gapSince !== null && (
        <rect
          class="gap"
          x={xOf(axis, gapSince)}
          width={Math.max(3, axis.width - xOf(axis, gapSince))}
          y="4"
          height={HEIGHT - 8}
        />
      )}
      {seen.map(({ key, kind, at, cameAt }) => (
        <line
          key={key}
          class={`latency ${kind}`}
          x1={xOf(axis, at)}
          x2={xOf(axis, cameAt ?? at)}
          y1={MIDDLE}
          y2={MIDDLE}
        />
      ))}
      {seen.map(({ key, kind, at, cameAt, title }) => (
        <g key={key}>
          <title>{title}</title>
          <Glyph kind={kind} x={xOf(axis, cameAt ?? at)} y={MIDDLE} />
        </g>
      ))}
    </svg>
  );
}
