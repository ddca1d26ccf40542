import { describe, expect, it } from "vitest";
import {
  describeAlarm,
  describeLogged,
  describePublished,
} from "../../../tools/local/terminal/progress-log.ts";

describe("what npm start prints while it is up", () => {
  it.each([
    [
      "each event on the bus",
      {
        route: "approved",
        applicationToken: "JA-1",
        eventType: "completed_application",
        status: "completed",
        outcome: "Approved",
        origin: "poll",
        late: false,
      },
      "approved       JA-1  completed_application, now completed Approved, by poll",
    ],
    [
      "a body that names no application",
      {
        route: "unrecognised",
        applicationToken: null,
        eventType: "",
        status: null,
        outcome: null,
        origin: "webhook",
        late: false,
      },
      "unrecognised   -  (no type), by webhook",
    ],
    [
      "the notice of a gap",
      {
        change: "opened",
        applicationToken: "JA-1",
        stage: "not-delivered",
        evidence: "nothing of it came",
        eventCount: 2,
      },
      "gap opened     JA-1  not-delivered: nothing of it came",
    ],
  ])("is a line for %s", (_, detail, line) => {
    expect(describePublished(JSON.stringify({ detail }))).toBe(line);
  });

  it("is a line for a warning of a Lambda, without the log's plumbing", () => {
    const line = {
      level: "WARN",
      code: "consumer.record.dead-lettered",
      message: "No retry can help.",
      service: "consumer",
      timestamp: "2026-11-23T00:00:00Z",
      reason: "the body is not JSON",
    };

    expect(describeLogged(JSON.stringify(line))).toBe(
      "warn           consumer.record.dead-lettered: No retry can help.  reason the body is not JSON",
    );
  });

  it.each(["REPORT RequestId: 1", "{", JSON.stringify({ level: "INFO", code: "a", message: "b" })])(
    "is nothing for %s",
    (line) => {
      expect(describeLogged(line)).toBeNull();
    },
  );

  it("is what an alarm tells whoever is paged, and a line for its end", () => {
    const alarm = {
      id: "dead-letters-not-empty",
      state: "ALARM",
      reason: "1 datapoint",
      description:
        "Something is there.\n\nImpact: it waits.\n\nRunbook: https://a.example/b.md\n\nDashboard: https://c.example",
    } as const;

    expect(describeAlarm(alarm, null)).toEqual([
      "alarm          dead-letters-not-empty: 1 datapoint",
      "               Something is there.",
      "               Impact: it waits.",
      "               Runbook: https://a.example/b.md",
    ]);
    expect(describeAlarm(alarm, "a-scenario")).toEqual([
      "alarm          dead-letters-not-empty, which a-scenario should ring: 1 datapoint",
    ]);
    expect(describeAlarm({ ...alarm, state: "OK" }, null)).toEqual([
      "alarm over     dead-letters-not-empty",
    ]);
  });
});
