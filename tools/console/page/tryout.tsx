import { useEffect, useRef, useState } from "preact/hooks";

import type { Composable, LaptopView } from "../view.ts";
import { post, sentenceOf } from "./api.ts";
import { useRead } from "./read.ts";

interface Started {
  readonly token?: string;
  readonly done?: string;
}

/** What can be tried on a laptop: scenarios, composed applications, faults. */
export function Tryout({
  laptop,
  onChoose,
  onChanged,
  onLaptop,
}: {
  readonly laptop: LaptopView;
  readonly onChoose: (token: string) => void;
  readonly onChanged: () => void;
  readonly onLaptop: (laptop: LaptopView) => void;
}) {
  const { value: composable } = useRead<Composable>("/api/composable", 0);
  const [wanted, setScenario] = useState<string | null>(null);
  const [said, setSaid] = useState("");
  /** Switches that were turned, and whose answer is not here yet. */
  const [turned, setTurned] = useState<Readonly<Record<string, boolean>>>({});
  const [isComposing, setComposing] = useState(false);

  async function act(path: string, body: unknown): Promise<void> {
    try {
      const { token, done } = await post<Started>(path, body);
      setSaid(done ?? (token === undefined ? "" : `Started ${token}.`));
      if (token !== undefined) onChoose(token);
      onChanged();
    } catch (error) {
      setSaid(sentenceOf(error));
    }
  }

  async function turn(id: string, isOn: boolean): Promise<void> {
    setTurned((all) => ({ ...all, [id]: isOn }));
    try {
      onLaptop(await post<LaptopView>("/api/fault", { id, isOn }));
    } catch (error) {
      setSaid(sentenceOf(error));
    }
    setTurned(({ [id]: _, ...others }) => others);
  }

  const scenario = wanted ?? composable?.scenarios[0]?.name ?? "";
  const story = composable?.scenarios.find(({ name }) => name === scenario)?.story ?? "";
  return (
    <div class="tryout">
      <h3>Start a scenario</h3>
      <div class="line">
        <label class="hidden" for="scenario">
          Scenario
        </label>
        <select
          id="scenario"
          value={scenario}
          onChange={(event) => setScenario(event.currentTarget.value)}
        >
          {composable?.scenarios.map(({ name, title }) => (
            <option key={name} value={name}>
              {title}
            </option>
          ))}
        </select>
        <button type="button" onClick={() => void act("/api/play", { scenario })}>
          Start
        </button>
      </div>
      <p class="none">{story}</p>
      <button type="button" onClick={() => setComposing(true)}>
        Compose an application …
      </button>
      <p role="status">{said}</p>
      <fieldset>
        <legend>Faults</legend>
        {laptop.faults.map(({ id, title, explains, isOn }) => (
          <div class="fault" key={id}>
            <label>
              <input
                type="checkbox"
                role="switch"
                checked={turned[id] ?? isOn}
                aria-describedby={`about-${id}`}
                onChange={(event) => void turn(id, event.currentTarget.checked)}
              />
              {title}
            </label>
            <small id={`about-${id}`}>{explains}</small>
          </div>
        ))}
      </fieldset>
      <p class="none">Failures in a row at Alloy: {laptop.failuresInARow} of 100.</p>
      {isComposing && composable !== null && (
        <Compose
          composable={composable}
          onClose={() => setComposing(false)}
          onCompose={(composed) => {
            setComposing(false);
            void act("/api/compose", composed);
          }}
        />
      )}
    </div>
  );
}

interface Composed {
  readonly steps: readonly string[];
  readonly secondsBetween: number;
  readonly copies: number;
  readonly isReversed: boolean;
  readonly isLost: boolean;
}

const FIRST: Composed = {
  steps: ["check-begins", "check-approves", "review", "reviewed", "approved"],
  secondsBetween: 600,
  copies: 1,
  isReversed: false,
  isLost: false,
};

/** What an application goes through, step by step, and how its webhooks come. */
function Compose({
  composable,
  onCompose,
  onClose,
}: {
  readonly composable: Composable;
  readonly onCompose: (composed: Composed) => void;
  readonly onClose: () => void;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [composed, setComposed] = useState(FIRST);
  const { steps, secondsBetween, copies, isReversed, isLost } = composed;
  const change = (some: Partial<Composed>) => setComposed({ ...composed, ...some });
  const replaced = (index: number, ...by: readonly string[]) => steps.toSpliced(index, 1, ...by);

  useEffect(() => dialog.current?.showModal(), []);

  return (
    <dialog ref={dialog} aria-labelledby="compose-title" onClose={onClose}>
      <h2 id="compose-title">Compose an application</h2>
      <p class="none">It is started, and then this happens to it at Alloy:</p>
      <ol class="steps">
        {steps.map((step, index) => (
          // A step has no name of its own: the same may happen twice.
          <li key={`${index} ${step}`}>
            <select
              aria-label={`Step ${index + 1}`}
              value={step}
              onChange={(event) => change({ steps: replaced(index, event.currentTarget.value) })}
            >
              {composable.steps.map(({ id, title }) => (
                <option key={id} value={id}>
                  {title}
                </option>
              ))}
            </select>
            <button
              type="button"
              aria-label={`Remove step ${index + 1}`}
              disabled={steps.length === 1}
              onClick={() => change({ steps: replaced(index) })}
            >
              Remove
            </button>
          </li>
        ))}
      </ol>
      <button
        type="button"
        onClick={() => change({ steps: [...steps, composable.steps[0]?.id ?? ""] })}
      >
        Add a step
      </button>
      <div class="fields">
        <label>
          Seconds between two steps at the real Alloy{" "}
          <input
            type="number"
            min="0"
            max="86400"
            value={secondsBetween}
            onInput={(event) => change({ secondsBetween: Number(event.currentTarget.value) })}
          />
        </label>
        <label>
          Copies of each webhook{" "}
          <input
            type="number"
            min="1"
            max="5"
            value={copies}
            onInput={(event) => change({ copies: Number(event.currentTarget.value) })}
          />
        </label>
        <label>
          <input
            type="checkbox"
            checked={isReversed}
            onChange={(event) => change({ isReversed: event.currentTarget.checked })}
          />
          Webhooks come in reverse
        </label>
        <label>
          <input
            type="checkbox"
            checked={isLost}
            onChange={(event) => change({ isLost: event.currentTarget.checked })}
          />
          All of its webhooks are lost
        </label>
      </div>
      <div class="line">
        <button type="button" class="first" onClick={() => onCompose(composed)}>
          Start it
        </button>
        <button type="button" onClick={() => dialog.current?.close()}>
          Cancel
        </button>
      </div>
    </dialog>
  );
}
