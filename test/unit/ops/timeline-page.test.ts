import { expect, it } from "vitest";
import { timelineOf } from "../../../tools/ops/timeline.ts";
import { timelinePage } from "../../../tools/ops/timeline-page.ts";

const AT = Date.parse("2026-11-23T20:00:00.000Z");

it("writes the timeline as a page that runs nothing of what others sent", () => {
  const event = {
    eventId: "e1",
    type: "<script>alert(1)</script>",
    eventAt: AT,
    receivedAt: AT + 2_000,
    origin: "webhook",
    route: "approved",
  };
  const gap = {
    stage: "not-delivered",
    since: AT,
    evidence: "nothing of it came",
    events: [{ eventId: "e2", type: "completed_application", at: AT }],
  };
  const state = { externalId: "Ada Lovelace", status: "running", effects: ["e1"], gap };

  const page = timelinePage(
    timelineOf({ token: "JA-1", state, events: [event], failures: [], unreadable: [] }),
    "2026-11-26T03:00:00.000Z",
  );

  expect(page).not.toContain("<script");
  expect(page).not.toContain("Ada Lovelace");
  expect(page).toContain("published → approved as number 1");
  expect(page).toContain('<tr class="missing">');
  expect(page).toContain("not-delivered since 2026-11-23T20:00:00.000Z: nothing of it came");
});
