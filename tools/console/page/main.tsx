import { render } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

import { readStory } from "../story.ts";
import type { Story } from "../story.ts";
import type { Overview } from "../view.ts";
import { get, pathOf, sentenceOf } from "./api.ts";
import { Board } from "./board.tsx";
import { Chosen } from "./chosen.tsx";
import "./console.css";
import { Needs } from "./needs.tsx";
import type { ClosedGap } from "./needs.tsx";
import { StoryView } from "./story-view.tsx";
import { Tryout } from "./tryout.tsx";

const PANES = [
  ["needs", "Attention"],
  ["board", "Applications"],
  ["chosen", "Timeline"],
] as const;

type Pane = (typeof PANES)[number][0];

const KEPT_CLOSED = 50;

/** A scenario takes seconds on a laptop, and hours at Alloy. */
const LAPTOP_WINDOW_MS = 30_000;
const STACK_WINDOW_MS = 3_600_000;

function Console() {
  const [overview, setOverview] = useState<Overview | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const [tick, setTick] = useState(0);
  /** Counts what a person did that is worth reading again at once. */
  const [asked, setAsked] = useState(0);
  const [chosen, setChosen] = useState<string | null>(null);
  const [pane, setPane] = useState<Pane>("board");
  const [story, setStory] = useState<Story | null>(null);
  const [said, setSaid] = useState("");
  const closed = useClosedGaps(overview);

  useEffect(() => {
    let timer = 0;
    let isOver = false;
    const pass = async () => {
      let paceMs = 2_000;
      try {
        const read = await get<Overview>("/api/overview");
        setOverview(read);
        setFailure(null);
        ({ paceMs } = read);
      } catch (error) {
        setFailure(sentenceOf(error));
      }
      setTick((before) => before + 1);
      if (!isOver) timer = window.setTimeout(() => void pass(), paceMs);
    };
    void pass();
    return () => {
      isOver = true;
      window.clearTimeout(timer);
    };
  }, [asked]);

  function choose(token: string): void {
    setChosen(token);
    setPane("chosen");
  }

  async function find(text: string): Promise<void> {
    try {
      const { tokens } = await get<{ readonly tokens: readonly string[] }>(
        pathOf("/api/find", { token: text }),
      );
      const [only, ...more] = tokens;
      if (only !== undefined) choose(only);
      setSaid(more.length === 0 ? "" : `${tokens.length} applications: ${tokens.join(", ")}`);
    } catch (error) {
      setSaid(sentenceOf(error));
    }
  }

  async function open(file: File | undefined): Promise<void> {
    if (file === undefined) return;
    try {
      setStory(readStory(await file.text()));
      setPane("board");
      setSaid("");
    } catch (error) {
      setSaid(sentenceOf(error));
    }
  }

  return (
    <>
      <header>
        <h1>
          Console <span class="stage">{overview?.stage}</span>
        </h1>
        <form
          role="search"
          onSubmit={(event) => {
            event.preventDefault();
            const text = new FormData(event.currentTarget).get("token");
            if (typeof text === "string" && text.trim() !== "") void find(text.trim());
          }}
        >
          <label class="hidden" for="find">
            Application token or external id
          </label>
          <input
            id="find"
            name="token"
            type="search"
            placeholder="Token or external id"
            autocomplete="off"
          />
          <button type="submit">Find</button>
        </form>
        {overview !== null && !overview.canWrite && <span class="badge">read-only</span>}
      </header>
      {failure !== null && (
        <p class="failure" role="alert">
          {failure}
        </p>
      )}
      <p class="said" role="status">
        {said}
      </p>
      <nav class="panes" aria-label="Parts of the console">
        {PANES.map(([id, title]) => (
          <button type="button" key={id} aria-pressed={pane === id} onClick={() => setPane(id)}>
            {title}
          </button>
        ))}
      </nav>
      <main class={`show-${pane}`}>
        <section class="needs" aria-labelledby="needs-title">
          <h2 id="needs-title">Attention</h2>
          {overview === null ? (
            <p class="none">Reading …</p>
          ) : (
            <>
              <Needs needs={overview.needs} closed={closed} now={overview.now} onChoose={choose} />
              {overview.laptop !== null && overview.canWrite && (
                <Tryout
                  laptop={overview.laptop}
                  onChoose={setChosen}
                  onChanged={() => setAsked((before) => before + 1)}
                  onLaptop={(laptop) => setOverview((last) => last && { ...last, laptop })}
                />
              )}
            </>
          )}
          <h3>Open a story</h3>
          <label class="file">
            A file of <code>npm run simulate -- --seed 7 --story story.json</code>
            <input
              type="file"
              accept="application/json,.json"
              onChange={(event) => void open(event.currentTarget.files?.[0])}
            />
          </label>
        </section>
        {story === null ? (
          <Board
            initialWindowMs={overview?.laptop === null ? STACK_WINDOW_MS : LAPTOP_WINDOW_MS}
            now={overview?.now ?? 0}
            tick={tick}
            total={overview?.applications ?? 0}
            chosen={chosen}
            onChoose={choose}
          />
        ) : (
          <StoryView story={story} onClose={() => setStory(null)} />
        )}
        <section class="chosen" aria-labelledby="chosen-title">
          <h2 id="chosen-title">Timeline</h2>
          {chosen === null ? (
            <p class="none">Choose an application.</p>
          ) : (
            <Chosen
              token={chosen}
              tick={tick}
              now={overview?.now ?? 0}
              hasVerbs={overview?.hasVerbs ?? false}
            />
          )}
        </section>
      </main>
    </>
  );
}

/** Gaps that were there in the overview before, and are there no more. */
function useClosedGaps(overview: Overview | null): readonly ClosedGap[] {
  const [closed, setClosed] = useState<readonly ClosedGap[]>([]);
  const before = useRef<Overview | null>(null);
  useEffect(() => {
    const last = before.current;
    before.current = overview;
    if (last === null || overview === null) return;
    const open = new Set(overview.needs.gaps.map(({ token }) => token));
    const gone = last.needs.gaps.filter(({ token }) => !open.has(token));
    // Of more gaps than are listed, one may only have moved out of the list.
    if (gone.length === 0 || overview.needs.gapCount > overview.needs.gaps.length) return;
    setClosed((all) =>
      [...gone.map((gap) => ({ ...gap, closedAt: overview.now })), ...all].slice(0, KEPT_CLOSED),
    );
  }, [overview]);
  return closed;
}

const root = document.querySelector("#console");
if (root !== null) render(<Console />, root);
