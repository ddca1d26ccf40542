import { useEffect, useMemo, useRef, useState } from "preact/hooks";

import { tracksAfter } from "../story.ts";
import type { Story, StoryLine } from "../story.ts";
import { Track } from "./track.tsx";

/** Lines around the current one. */
const AROUND = 40;

/** So many lines stand on the axis of a track. */
const SHOWN = 120;

/** A world of the simulation, stepped through forwards and backwards. */
export function StoryView({
  story,
  onClose,
}: {
  readonly story: Story;
  readonly onClose: () => void;
}) {
  const [step, setStep] = useState(1);
  const current = useRef<HTMLLIElement>(null);
  const tracks = useMemo(() => tracksAfter(story, step), [story, step]);
  const { lines } = story;
  const last = lines.length;
  const go = (to: number) => setStep(Math.max(1, Math.min(last, to)));
  const line = lines[step - 1];

  useEffect(() => current.current?.scrollIntoView({ block: "nearest" }), [step]);

  function onKeyDown(event: KeyboardEvent): void {
    // The slider and the buttons have keys of their own.
    if (event.target !== event.currentTarget) return;
    const steps: Readonly<Record<string, number>> = {
      ArrowRight: step + 1,
      ArrowLeft: step - 1,
      PageDown: step + 10,
      PageUp: step - 10,
      Home: 1,
      End: last,
    };
    const to = steps[event.key];
    if (to === undefined) return;
    event.preventDefault();
    go(to);
  }

  const axis = { from: Math.max(0, step - SHOWN), to: Math.max(SHOWN, step), width: 320 };
  const first = Math.max(0, step - AROUND);
  return (
    <section class="story" aria-labelledby="story-title">
      <div class="bar">
        <h2 id="story-title">Story of seed {story.seed}</h2>
        <button type="button" onClick={onClose}>
          Close the story
        </button>
      </div>
      <p class="none">
        {story.violations.length === 0
          ? "Every promise was kept."
          : story.violations.map(({ kind, sentence }) => `${kind}: ${sentence}`).join("; ")}
        {story.knobs.length > 0 && ` Unlike the usual: ${story.knobs.join(", ")}.`}
      </p>
      <div class="steps-bar">
        <button type="button" onClick={() => go(1)} disabled={step === 1}>
          First
        </button>
        <button type="button" onClick={() => go(step - 1)} disabled={step === 1}>
          Back
        </button>
        <button type="button" onClick={() => go(step + 1)} disabled={step === last}>
          Forward
        </button>
        <button type="button" onClick={() => go(last)} disabled={step === last}>
          Last
        </button>
        <label>
          Line {step} of {last}{" "}
          <input
            type="range"
            min="1"
            max={last}
            value={step}
            onInput={(event) => go(Number(event.currentTarget.value))}
          />
        </label>
      </div>
      {line !== undefined && (
        <p class="told" role="status">
          <code>{clockText(line.at)}</code> <strong>{line.who}</strong> {line.what}
        </p>
      )}
      <ul class="story-tracks">
        {tracks.map(({ name, token, here, atAlloy, agrees, dots }) => (
          <li key={token}>
            <span class="name">
              <code>{name}</code> <small>{token}</small>
            </span>
            <span class="here">here {here}</span>
            <span class={`alloy ${agrees ? "agrees" : "differs"}`}>at Alloy {atAlloy}</span>
            <Track
              axis={axis}
              gapSince={null}
              dots={dots.map((dot) => ({
                key: dot.name,
                kind: dot.kind,
                at: dot.at,
                cameAt: dot.cameAt,
                title: dot.name,
              }))}
            />
          </li>
        ))}
      </ul>
      {/* A region that scrolls is one that the keyboard reaches. */}
      <div
        class="told-lines"
        role="group"
        aria-label="Lines of the story; arrow keys step through them"
        tabIndex={0}
        onKeyDown={onKeyDown}
      >
        <ol start={first + 1}>
          {lines.slice(first, step + AROUND).map((one, index) => (
            <li
              key={first + index}
              ref={first + index + 1 === step ? current : null}
              class={classOf(one, first + index + 1, step)}
              aria-current={first + index + 1 === step ? "step" : undefined}
            >
              <code>{clockText(one.at)}</code> <strong>{one.who}</strong> {one.what}
            </li>
          ))}
        </ol>
      </div>
    </section>
  );
}

function classOf({ kind }: StoryLine, number: number, step: number): string {
  if (number === step) return `${kind} current`;
  return number > step ? `${kind} ahead` : kind;
}

/** Time since the world began, as the simulation's log has it. */
function clockText(ms: number): string {
  const two = (value: number) => String(Math.floor(value)).padStart(2, "0");
  const day = Math.floor(ms / 86_400_000);
  const hours = two((ms / 3_600_000) % 24);
  const milliseconds = String(ms % 1_000).padStart(3, "0");
  return `${day}d ${hours}:${two((ms / 60_000) % 60)}:${two((ms / 1_000) % 60)}.${milliseconds}`;
}
