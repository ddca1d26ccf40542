import { readFileSync, readdirSync } from "node:fs";

import { describe, expect, it } from "vitest";

import { EVENT_TYPES as RECEIVED_TYPES } from "../../lambdas/domain/event/event-types.ts";
import { EVENT_TYPES, eventKindOf } from "../../tools/alloy-simulator/event-catalogue.ts";

const FOLDER = "test/fixtures/events";

describe("the fixtures of Journey events", () => {
  it("are one per documented event type", () => {
    const files = readdirSync(FOLDER).toSorted();

    expect(files).toEqual(EVENT_TYPES.map((type) => `${type}.json`).toSorted());
  });

  it("the receiver knows every event type of the simulator", () => {
    expect(
      EVENT_TYPES.filter((type) => !Object.keys(RECEIVED_TYPES).includes(type)),
      "lambdas/domain/event/event-types.ts lacks a type of tools/alloy-simulator/event-catalogue.ts",
    ).toEqual([]);
  });

  it("the simulator knows every event type of the receiver", () => {
    // Pages of Alloy use this name for a status; no event has it.
    const noEvent = ["data_request"];
    const known = [...EVENT_TYPES, ...noEvent];

    expect(
      Object.keys(RECEIVED_TYPES).filter((type) => !known.includes(type)),
      "tools/alloy-simulator/event-catalogue.ts lacks a type of lambdas/domain/event/event-types.ts",
    ).toEqual([]);
  });

  it.each(EVENT_TYPES)("%s is named after what it holds, with the fields of its kind", (type) => {
    const { data, ...envelope } = JSON.parse(readFileSync(`${FOLDER}/${type}.json`, "utf8"));

    expect(Object.keys(envelope)).toEqual(["request_token", "timestamp", "type", "description"]);
    expect(data.type).toBe(type);
    expect(envelope.timestamp).toBeGreaterThan(data.timestamp);
    const kind = eventKindOf(type);
    const level = data.entity_application_token === null ? "application" : "entity";
    expect([level, "either"]).toContain(kind?.level);
    expect("outcome" in data).toBe(kind?.hasOutcome === true);
  });
});
