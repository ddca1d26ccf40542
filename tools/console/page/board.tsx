import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";

import { agoText, rowsSeen, WINDOWS } from "../axis.ts";
import type { Axis } from "../axis.ts";
import { DOT_KINDS } from "../view.ts";
import type { Row, RowPage } from "../view.ts";
import { pathOf } from "./api.ts";
import { Mark, MEANINGS } from "./glyph.tsx";
import { useRead } from "./read.ts";
import { Track } from "./track.tsx";

interface BoardProps {
  readonly initialWindowMs: number;
  readonly now: number;
  /** Changes when it is time to read again. */
  readonly tick: number;
  readonly total: number;
  readonly chosen: string | null;
  readonly onChoose: (token: string) => void;
}

/** The applications as rows, on one time axis; only those that are seen are read, and are in the page. */
export function Board({ initialWindowMs, now, tick, total, chosen, onChoose }: BoardProps) {
  const list = useRef<HTMLDivElement>(null);
  const [chosenMs, setWindowMs] = useState<number | null>(null);
  const windowMs = chosenMs ?? initialWindowMs;
  const [view, setView] = useState({ top: 0, height: 600, width: 600, rowHeight: 44 });
  const [active, setActive] = useState(0);
  const { from, to } = rowsSeen(view, total);

  useLayoutEffect(() => {
    const element = list.current;
    if (element === null) return undefined;
    const measure = () => {
      const rowHeight =
        Number.parseFloat(getComputedStyle(element).getPropertyValue("--row")) || 44;
      setView({
        top: element.scrollTop,
        height: element.clientHeight,
        width: trackWidth(element),
        rowHeight,
      });
    };
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    element.addEventListener("scroll", measure, { passive: true });
    measure();
    return () => {
      observer.disconnect();
      element.removeEventListener("scroll", measure);
    };
  }, []);

  const asked = { offset: String(from), limit: String(Math.max(1, Math.min(200, to - from))) };
  const { value: page, failure } = useRead<RowPage>(
    total === 0 ? null : pathOf("/api/applications", asked),
    tick,
  );
  const rows = useMemo(
    () => new Map(page?.rows.map((row, index) => [page.offset + index, row])),
    [page],
  );

  const axis: Axis = { from: now - windowMs, to: now, width: view.width };
  const numbers = useMemo(
    () => Array.from({ length: Math.max(0, to - from) }, (_, index) => from + index),
    [from, to],
  );

  function move(to: number): void {
    const next = Math.max(0, Math.min(total - 1, to));
    setActive(next);
    const element = list.current;
    if (element === null) return;
    const top = next * view.rowHeight;
    if (top < element.scrollTop) element.scrollTop = top;
    const bottom = top + view.rowHeight - element.clientHeight;
    if (bottom > element.scrollTop) element.scrollTop = bottom;
  }

  function onKeyDown(event: KeyboardEvent): void {
    const page = Math.max(1, Math.floor(view.height / view.rowHeight) - 1);
    const steps: Readonly<Record<string, number>> = {
      ArrowDown: active + 1,
      ArrowUp: active - 1,
      PageDown: active + page,
      PageUp: active - page,
      Home: 0,
      End: total - 1,
    };
    const next = steps[event.key];
    if (next !== undefined) {
      event.preventDefault();
      move(next);
    } else if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      const row = rows.get(active);
      if (row !== undefined) onChoose(row.token);
    }
  }

  return (
    <section class="board" aria-labelledby="board-title">
      <div class="bar">
        <h2 id="board-title">
          Applications <span class="count">{total.toLocaleString("en")}</span>
        </h2>
        <label>
          Time{" "}
          <select
            value={String(windowMs)}
            onChange={(event) => setWindowMs(Number(event.currentTarget.value))}
          >
            {WINDOWS.map(([title, ms]) => (
              <option key={ms} value={String(ms)}>
                last {title}
              </option>
            ))}
          </select>
        </label>
      </div>
      <Legend />
      {failure !== null && <p class="failure">{failure}</p>}
      <div class="head" aria-hidden="true">
        <span>Application</span>
        <span>Here</span>
        <span>At Alloy</span>
        <span class="axis">
          <span>{agoText(windowMs)} ago</span>
          <span>now</span>
        </span>
      </div>
      <div
        class="list"
        ref={list}
        role="listbox"
        aria-label="Applications, those in gap first"
        tabIndex={0}
        aria-activedescendant={rows.has(active) ? `row-${active}` : undefined}
        onKeyDown={onKeyDown}
      >
        <div class="spacer" role="presentation" style={{ height: `${total * view.rowHeight}px` }}>
          {numbers.map((number) => {
            const row = rows.get(number);
            return (
              row !== undefined && (
                <BoardRow
                  key={row.token}
                  row={row}
                  number={number}
                  total={total}
                  top={number * view.rowHeight}
                  axis={axis}
                  isChosen={row.token === chosen}
                  isActive={number === active}
                  onChoose={() => {
                    setActive(number);
                    onChoose(row.token);
                  }}
                />
              )
            );
          })}
        </div>
        {total === 0 && <p class="empty">No application yet.</p>}
      </div>
    </section>
  );
}

/** The width that a row leaves to its track, without the forms that stand over at both ends. */
function trackWidth(element: HTMLElement): number {
  const probe =
    element.querySelector(".track-cell") ?? element.parentElement?.querySelector(".axis");
  return Math.max(60, (probe?.clientWidth ?? 300) - 16);
}

interface BoardRowProps {
  readonly row: Row;
  readonly number: number;
  readonly total: number;
  readonly top: number;
  readonly axis: Axis;
  readonly isChosen: boolean;
  readonly isActive: boolean;
  readonly onChoose: () => void;
}

function BoardRow({ row, number, total, top, axis, isChosen, isActive, onChoose }: BoardRowProps) {
  const { token, journey, here, atAlloy, gap, dots, unread } = row;
  return (
    // The listbox around it has the keyboard, and names the active row.
    <div
      id={`row-${number}`}
      class={`row${isActive ? " active" : ""}`}
      role="option"
      aria-selected={isChosen}
      aria-setsize={total}
      aria-posinset={number + 1}
      style={{ top: `${top}px` }}
      onClick={onChoose}
    >
      <span class="name">
        <code>{token}</code>
        <small>{gap === null ? (journey ?? "-") : `gap: ${gap.stage}`}</small>
      </span>
      <span class="here">
        <span class="hidden">here</span> {here}
      </span>
      <span class={`alloy ${agreement(atAlloy.agrees)}`}>
        <span class="hidden">at Alloy</span> {atAlloy.text}
      </span>
      <span class="track-cell">
        {unread === null ? (
          <Track
            axis={axis}
            gapSince={gap?.since ?? null}
            dots={dots.map(({ eventId, type, kind, at, cameAt }) => ({
              key: `${eventId}${kind}`,
              kind,
              at,
              cameAt,
              title: `${type}: ${MEANINGS[kind]}`,
            }))}
          />
        ) : (
          <small>{unread}</small>
        )}
        <span class="hidden">{countsOf(dots)}</span>
      </span>
    </div>
  );
}

function agreement(agrees: boolean | null): string {
  if (agrees === null) return "open";
  return agrees ? "agrees" : "differs";
}

/** The forms of a track, in words. */
function countsOf(dots: Row["dots"]): string {
  return DOT_KINDS.flatMap((kind) => {
    const count = dots.filter((dot) => dot.kind === kind).length;
    return count === 0 ? [] : [`${count} ${kind}`];
  }).join(", ");
}

function Legend() {
  return (
    <ul class="legend" aria-label="What the forms mean">
      {DOT_KINDS.map((kind) => (
        <li key={kind}>
          <Mark kind={kind} /> {MEANINGS[kind]}
        </li>
      ))}
    </ul>
  );
}
