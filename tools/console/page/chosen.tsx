import { useState } from "preact/hooks";

import { agoText } from "../axis.ts";
import type { Chosen as ChosenView, Dot } from "../view.ts";
import { pathOf, post, sentenceOf } from "./api.ts";
import { Mark, MEANINGS } from "./glyph.tsx";
import { useRead } from "./read.ts";

type Timeline = ChosenView["timeline"];
type Event = Timeline["events"][number];

/** The timeline of the chosen application. */
export function Chosen({
  token,
  tick,
  now,
  hasVerbs,
}: {
  readonly token: string;
  readonly tick: number;
  readonly now: number;
  readonly hasVerbs: boolean;
}) {
  const { value: view, failure } = useRead<ChosenView>(pathOf("/api/application", { token }), tick);

  if (failure !== null) return <p class="failure">{failure}</p>;
  if (view === null || view.timeline.applicationToken !== token) {
    return <p class="none">Reading {token} …</p>;
  }
  const { timeline, atAlloy, dots } = view;
  const { journey, environment, here, gap, failures } = timeline;
  const dotOf = new Map(dots.map((dot) => [dot.eventId, dot]));
  return (
    <>
      <p class="token">
        <code>{token}</code>
      </p>
      <dl class="facts">
        <dt>Here</dt>
        <dd>{[here.status ?? "unknown", here.outcome].join(" ").trim()}</dd>
        <dt>At Alloy</dt>
        <dd>
          {atAlloy.text}
          {atAlloy.agrees !== null && (
            <small>{atAlloy.from === "asked" ? " now" : " by the last comparison"}</small>
          )}
        </dd>
        <dt>Journey</dt>
        <dd>
          {journey.name ?? journey.token ?? "-"}
          {environment !== null && <small> {environment}</small>}
        </dd>
        <dt>Submitted</dt>
        <dd>{timeText(timeline.submittedAt)}</dd>
        <dt>Next check</dt>
        <dd>{nextCheckText(timeline, now)}</dd>
      </dl>
      {gap !== null && (
        <p class="gap-box">
          <strong>In gap: {gap.stage}</strong> since {timeText(gap.since)}: {gap.evidence}
        </p>
      )}
      {hasVerbs && <Verbs token={token} />}
      <h3>
        Events <span class="count">{timeline.events.length}, times in UTC</span>
      </h3>
      <ol class="events">
        {timeline.events.map((event) => (
          <EventLine key={event.eventId} event={event} dot={dotOf.get(event.eventId)} />
        ))}
      </ol>
      {failures.length > 0 && (
        <>
          <h3>Failures</h3>
          <ul class="items">
            {failures.map(({ eventId, eventType, reason, failedAt, stage }) => (
              <li key={eventId} class="page">
                <Mark kind={stage === "dead-lettered" ? "dead-lettered" : "failing"} /> {eventType},{" "}
                {stage}, {timeText(failedAt)}
                <div>{reason}</div>
              </li>
            ))}
          </ul>
        </>
      )}
      {timeline.unreadable.length > 0 && (
        <p class="failure">Items that cannot be read: {timeline.unreadable.join(", ")}</p>
      )}
    </>
  );
}

function EventLine({ event, dot }: { readonly event: Event; readonly dot: Dot | undefined }) {
  const kind = dot?.kind ?? "received";
  return (
    <li>
      <Mark kind={kind} />
      <div>
        <strong>{event.type}</strong> {event.kind === "event" && event.outcome}
        <div>
          <small>
            {timeText(event.at)}, {cameText(event, dot)}
          </small>
        </div>
        {event.kind === "event" && (
          <div>
            <small>{publicationText(event)}</small>
          </div>
        )}
        <code class="id">{event.eventId}</code>
      </div>
    </li>
  );
}

/** How an event came, in the words of `ops show`. */
function cameText(event: Event, dot: Dot | undefined): string {
  if (event.kind === "missing") return "missing here: Alloy has it";
  const how = dot === undefined ? event.origin : MEANINGS[dot.kind];
  return `${how}, ${agoText(event.latencyMs)} later`;
}

function publicationText({ publication }: Extract<Event, { readonly kind: "event" }>): string {
  const { state, route, number, acknowledgedAt, why } = publication;
  switch (state) {
    case "published":
      return [
        `published as ${route}`,
        ...(number === null ? [] : [`number ${number}`]),
        ...(acknowledgedAt === null ? [] : [`acknowledged ${timeText(acknowledgedAt)}`]),
      ].join(", ");
    case "pending":
      return `being published as ${route}`;
    case "failed":
      return `not published as ${route}: see the failures`;
    case "not-published":
      return `not published as ${route}: ${why ?? ""}`;
    case "unknown":
      return `${route}; whether it was published is stored apart`;
  }
}

/** What the console may do with it; each is a verb of `ops`. */
function Verbs({ token }: { readonly token: string }) {
  const [said, setSaid] = useState("");
  async function act(path: string): Promise<void> {
    setSaid("…");
    try {
      setSaid((await post<{ readonly done: string }>(path, { token })).done);
    } catch (error) {
      setSaid(sentenceOf(error));
    }
  }
  return (
    <div class="verbs">
      <button type="button" onClick={() => void act("/api/check")}>
        Compare with Alloy
      </button>{" "}
      <button type="button" onClick={() => void act("/api/redrive")}>
        Redrive its dead letters
      </button>
      <p role="status">{said}</p>
    </div>
  );
}

function nextCheckText({ settledAt, nextCheckAt }: Timeline, now: number): string {
  if (settledAt !== null) return `none, settled ${timeText(settledAt)}`;
  if (nextCheckAt === null) return "-";
  const ms = Date.parse(nextCheckAt) - now;
  return ms > 0 ? `in ${agoText(ms)}` : "due now";
}

function timeText(iso: string | null): string {
  return iso === null ? "-" : iso.replace("T", " ").replace("Z", "");
}
