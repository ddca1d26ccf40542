import { agoText } from "./health.ts";
import { publicationText } from "./publication-text.ts";
import type { Timeline } from "./timeline-schema.ts";

/** What `show --html` writes: a page to attach to an incident, without bodies and external ids, and without a script. */
export function timelinePage(timeline: Timeline, writtenAt: string): string {
  const { applicationToken, journey, here, alloy, gap, events, failures } = timeline;
  const facts = [
    ["Journey", `${journey.name ?? "-"} (${journey.token ?? "-"}), ${timeline.environment ?? "-"}`],
    ["Here", stateText(here)],
    ["At Alloy", alloy === null ? "as here" : `${stateText(alloy)}, asked ${alloy.askedAt ?? "-"}`],
    ["Submitted", timeline.submittedAt ?? "-"],
    ["Next check", timeline.nextCheckAt ?? `none, settled ${timeline.settledAt ?? "-"}`],
    ["Gap", gap === null ? "none" : `${gap.stage} since ${gap.since ?? "-"}: ${gap.evidence}`],
  ];
  const rows = events.map((event) =>
    event.kind === "missing"
      ? row("missing", [event.at ?? "-", event.type, "not here", "-", "-", event.eventId])
      : row(event.publication.state, [
          event.at ?? "-",
          event.outcome === null ? event.type : `${event.type} ${event.outcome}`,
          event.attempt === null ? event.origin : `${event.origin}, attempt ${event.attempt}`,
          `${event.receivedAt ?? "-"}, ${event.latencyMs < 120_000 ? `${Math.round(event.latencyMs / 1_000)} s` : agoText(event.latencyMs)} later`,
          publicationText(event.publication),
          event.eventId,
        ]),
  );
  const heads = ["Happened", "Event", "Came by", "Received", "Came out", "Event id"];
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escaped(applicationToken)}</title>
<style>
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif }
body { margin: 2rem auto; max-width: 75rem; padding: 0 1rem }
table { border-spacing: 0; width: 100% }
th, td { border-bottom: 1px solid #8886; padding: .4rem .8rem .4rem 0; text-align: left; vertical-align: top }
td:last-child { font-family: ui-monospace, monospace; overflow-wrap: anywhere }
tr.missing, tr.failed { background: #d332 }
</style>
<h1>${escaped(applicationToken)}</h1>
<table>
${facts.map(([name = "", value = ""]) => `<tr><th scope="row">${escaped(name)}</th><td>${escaped(value)}</td></tr>`).join("\n")}
</table>
<h2>Events</h2>
<table>
<tr>${heads.map((head) => `<th scope="col">${head}</th>`).join("")}</tr>
${rows.join("\n")}
</table>
<h2>Failures</h2>
<ul>
${failures.map((one) => `<li>${escaped(`${one.failedAt ?? "-"} ${one.eventType}, ${one.stage}: ${one.reason}; ${one.eventId}`)}</li>`).join("\n") || "<li>none</li>"}
</ul>
<p>Written ${escaped(writtenAt)} by <code>npm run ops -- show --html</code>. Times are UTC.</p>
</html>
`;
}

function stateText({ status, outcome }: { status: string | null; outcome: string | null }): string {
  return outcome === null ? (status ?? "-") : `${status ?? "-"}, ${outcome}`;
}

function row(state: string, cells: readonly string[]): string {
  return `<tr class="${state}">${cells.map((cell) => `<td>${escaped(cell)}</td>`).join("")}</tr>`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
