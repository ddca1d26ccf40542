import { agoText } from "../axis.ts";
import type { GapEntry, Needs as NeedsView } from "../view.ts";

/** A gap that closed while the page was open. */
export interface ClosedGap extends GapEntry {
  readonly closedAt: number;
}

const SHOWN = 20;

/** What needs a person: alarms, gaps, dead letters by reason. */
export function Needs({
  needs,
  closed,
  now,
  onChoose,
}: {
  readonly needs: NeedsView;
  readonly closed: readonly ClosedGap[];
  readonly now: number;
  readonly onChoose: (token: string) => void;
}) {
  const { isHealthy, why, items, gaps, gapCount, deadLetters, unread } = needs;
  return (
    <>
      <p class={`health ${isHealthy ? "fine" : "bad"}`} role="status">
        <strong>{isHealthy ? "Healthy" : "Needs attention"}</strong>: {why}
      </p>
      {items.length > 0 && (
        <>
          <h3>Alarms and more</h3>
          <ul class="items">
            {items.map(({ kind, name, severity, sentence, since, next, runbook }) => (
              <li key={`${kind} ${name}`} class={severity}>
                <strong>{name}</strong> <small>{severity}</small>
                <div>
                  {sentence}
                  {since !== null && `, since ${agoText(now - Date.parse(since))}`}
                </div>
                {next !== null && (
                  <div>
                    <code>npm run ops -- {next}</code>
                  </div>
                )}
                {runbook?.startsWith("https://") === true && (
                  <a href={runbook} target="_blank" rel="noreferrer noopener">
                    Runbook of {name}
                  </a>
                )}
              </li>
            ))}
          </ul>
        </>
      )}
      <h3>
        Gaps <span class="count">{gapCount}</span>
      </h3>
      {gaps.length === 0 ? (
        <p class="none">No application is in gap.</p>
      ) : (
        <ul class="items">
          {gaps.slice(0, SHOWN).map(({ token, stage, since }) => (
            <li key={token}>
              <button type="button" class="link" onClick={() => onChoose(token)}>
                {token}
              </button>
              <div>
                {stage}, for {agoText(now - since)}
              </div>
            </li>
          ))}
        </ul>
      )}
      {gapCount > SHOWN && <p class="none">and {gapCount - SHOWN} more, first in the list.</p>}
      {closed.length > 0 && (
        <>
          <h3>Closed while you watched</h3>
          <ul class="items closed">
            {closed.slice(0, SHOWN).map(({ token, stage, since, closedAt }) => (
              <li key={`${token} ${closedAt}`}>
                <button type="button" class="link" onClick={() => onChoose(token)}>
                  {token}
                </button>
                <div>
                  {stage}, healed after {agoText(closedAt - since)}
                </div>
              </li>
            ))}
          </ul>
        </>
      )}
      <h3>
        Dead letters{" "}
        <span class="count">{deadLetters.reduce((sum, { count }) => sum + count, 0)}</span>
      </h3>
      {deadLetters.length === 0 ? (
        <p class="none">The dead-letter queue is empty.</p>
      ) : (
        <ul class="items">
          {deadLetters.map(({ reason, count, oldestAt, tokens }) => (
            <li key={reason}>
              <strong>{count}</strong> {reason}
              {oldestAt !== null && <small> the oldest {agoText(now - oldestAt)} ago</small>}
              <div>
                {tokens.map((token) => (
                  <button type="button" class="link" key={token} onClick={() => onChoose(token)}>
                    {token}
                  </button>
                ))}
              </div>
            </li>
          ))}
        </ul>
      )}
      {unread.map((sentence) => (
        <p class="none" key={sentence}>
          {sentence}
        </p>
      ))}
    </>
  );
}
