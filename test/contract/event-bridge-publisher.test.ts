import type { PutEventsRequestEntry, PutEventsResponse } from "@aws-sdk/client-eventbridge";
import { describe, expect, test } from "vitest";

import { EventBridgePublisher } from "../../lambdas/adapters/event-bridge-publisher.ts";
import { aBusClient, anAwsError, taken } from "../support/fake-bus.ts";
import { aPublishedEvent } from "../support/records.ts";

const eventOf = (applicationToken: string, journeyName: string | null = null) =>
  aPublishedEvent({ applicationToken, journeyName });

/** Events that are all as large as this many letters, and a little more. */
const large = (tokens: readonly string[], letters: number) =>
  tokens.map((token) => ({ ...eventOf(token), journeyName: "x".repeat(letters) }));

function aPublisher(
  answer: (entries: readonly PutEventsRequestEntry[], call: number) => PutEventsResponse,
) {
  const { client, calls } = aBusClient(answer);
  const waits: number[] = [];
  const sleep = async (ms: number) => void waits.push(ms);
  return {
    publisher: new EventBridgePublisher({ client, busName: "bus", sleep }),
    /** The applications that each call was about. */
    calls: () => calls.map((entries) => entries.map(tokenIn)),
    entries: () => calls.flat(),
    waits,
  };
}

/** Answers each entry by itself: null takes it, a code refuses it. */
function byEntry(answer: (applicationToken: string, call: number) => string | null) {
  return (entries: readonly PutEventsRequestEntry[], call: number): PutEventsResponse => ({
    Entries: entries.map((entry) => {
      const code = answer(tokenIn(entry), call);
      return code === null ? { EventId: "taken" } : { ErrorCode: code, ErrorMessage: "no" };
    }),
  });
}

function tokenIn({ Detail = "{}" }: PutEventsRequestEntry): string {
  const { applicationToken }: { applicationToken: string } = JSON.parse(Detail);
  return applicationToken;
}

const bytesOf = (entries: readonly PutEventsRequestEntry[]) =>
  entries.reduce(
    (sum, { Source = "", DetailType = "", Detail = "" }) =>
      sum + Buffer.byteLength(Source + DetailType + Detail),
    0,
  );

const THREE = ["JA-1", "JA-2", "JA-3"];
const EVENTS = THREE.map((token) => eventOf(token));
const ALL_TAKEN = [null, null, null];

describe("EventBridgePublisher", () => {
  test("puts again what the bus refused, and nothing else", async () => {
    const { publisher, calls, waits } = aPublisher(
      byEntry((token, call) => (token === "JA-2" && call < 3 ? "ThrottlingException" : null)),
    );

    const answers = await publisher.publish(EVENTS);

    expect(answers).toEqual(ALL_TAKEN);
    expect(calls()).toEqual([THREE, ["JA-2"], ["JA-2"]]);
    expect(waits).toEqual([100, 200]);
  });

  test("says of each event, in order, why the bus does not take it", async () => {
    const { publisher, calls } = aPublisher(
      byEntry((token) => (token === "JA-2" ? "InternalFailure" : null)),
    );

    const answers = await publisher.publish(EVENTS);

    expect(answers).toEqual([null, { kind: "transient", reason: "InternalFailure" }, null]);
    expect(calls()).toHaveLength(3);
  });

  test.each(["MalformedDetail", "InvalidArgument"])(
    "does not put again what is wrong with the entry itself: %s",
    async (code) => {
      const { publisher, calls } = aPublisher(byEntry((token) => (token === "JA-2" ? code : null)));

      const answers = await publisher.publish(EVENTS);

      expect(answers).toEqual([null, { kind: "permanent", reason: `${code}: no` }, null]);
      expect(calls()).toHaveLength(1);
    },
  );

  test("keeps an event that a missing permission refuses: the deployment is to be mended", async () => {
    const { publisher } = aPublisher(byEntry(() => "NotAuthorizedForSourceException"));

    expect(await publisher.publish([eventOf("JA-1")])).toMatchObject([{ kind: "transient" }]);
  });

  test("puts ten entries with a call at most", async () => {
    const { publisher, calls } = aPublisher(taken);

    const answers = await publisher.publish(
      Array.from({ length: 12 }, (_, index) => eventOf(`JA-${index}`)),
    );

    expect(calls().map((call) => call.length)).toEqual([10, 2]);
    expect(answers).toEqual(Array.from({ length: 12 }, () => null));
  });

  test("puts no more with a call than the bus takes together: 256 KB of titles, sources and details", async () => {
    const { client, calls } = aBusClient(taken);
    const publisher = new EventBridgePublisher({ client, busName: "bus", sleep: async () => {} });

    const answers = await publisher.publish(large(["JA-1", "JA-2", "JA-3", "JA-4"], 80_000));

    expect(answers).toEqual([null, null, null, null]);
    expect(calls.map((call) => call.length)).toEqual([3, 1]);
    expect(Math.max(...calls.map(bytesOf))).toBeLessThan(262_144);
  });

  test.each([
    ["ValidationException", 400, "Total size of the entries in the request is over the limit."],
    ["UnknownError", 413, ""],
    ["PutEventsRequestEntrySizeTooLarge", 400, ""],
    ["InternalError", 400, "The entry size exceeds the maximum"],
  ])(
    "publishes the neighbours of what is refused as a whole: %s %i",
    async (name, status, message) => {
      const { publisher, calls } = aPublisher((entries) => {
        if (entries.some((entry) => tokenIn(entry) === "JA-2")) {
          throw anAwsError(name, status, message);
        }
        return taken(entries);
      });

      const answers = await publisher.publish(EVENTS);

      expect(answers).toMatchObject([null, { kind: "permanent" }, null]);
      expect(calls()).toEqual([THREE, ["JA-1"], ["JA-2"], ["JA-3"]]);
    },
  );

  test("takes a call that was refused only together for no one's fault", async () => {
    const { publisher } = aPublisher((entries) => {
      if (entries.length > 1) throw anAwsError("ValidationException", 400);
      return taken(entries);
    });

    expect(await publisher.publish(EVENTS)).toEqual(ALL_TAKEN);
  });

  test.each<readonly [string, PutEventsResponse]>([
    ["{}", {}],
    ["a count of failures without entries", { FailedEntryCount: 2, Entries: [] }],
    ["a count of none without entries", { FailedEntryCount: 0, Entries: [] }],
    ["entries that say nothing", { FailedEntryCount: 0, Entries: [{}, {}, {}] }],
    ["an empty id", { Entries: [{ EventId: "" }, { EventId: "" }, { EventId: "" }] }],
    ["fewer entries than were put", { Entries: [{ EventId: "one" }, { EventId: "two" }] }],
  ])("does not take for published what the answer does not name: %s", async (_, answer) => {
    const { publisher, calls } = aPublisher(() => answer);

    const answers = await publisher.publish(EVENTS);

    expect(answers).toMatchObject(THREE.map(() => ({ kind: "transient" })));
    expect(calls()).toEqual([THREE, THREE, THREE]);
  });

  test("puts again what the answer did not name, and learns that it was taken", async () => {
    const { publisher, calls } = aPublisher((entries, call) => (call === 1 ? {} : taken(entries)));

    expect(await publisher.publish(EVENTS)).toEqual(ALL_TAKEN);
    expect(calls()).toEqual([THREE, THREE]);
  });

  test("writes what SQS targets refuse as an escape, which means the same", async () => {
    const journeyName = "a\u007f\u0085\ufffe\uffff\ud800\u0000 ä 𝄞";
    const { publisher, entries } = aPublisher(taken);

    await publisher.publish([eventOf("JA-1", journeyName)]);

    const [{ Detail = "" } = {}] = entries();
    expect(Detail).not.toMatch(
      /[^\t\n\r\u{20}-\u{7e}\u{a0}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/u,
    );
    expect(Detail).toContain(String.raw`a\u007f\u0085\ufffe\uffff\ud800\u0000 ä 𝄞`);
    expect(JSON.parse(Detail)).toMatchObject({ journeyName });
  });

  test("calls nobody for nothing", async () => {
    const { publisher, calls } = aPublisher(taken);

    expect(await publisher.publish([])).toEqual([]);
    expect(calls()).toEqual([]);
  });

  test.each([
    ["a reset connection", new Error("the connection was reset")],
    ["throttling", anAwsError("ThrottlingException", 400, "Rate exceeded: size of the bucket")],
    ["a fault of the bus", anAwsError("InternalException", 500, "size")],
    ["a missing permission", anAwsError("AccessDeniedException", 400)],
  ])(
    "keeps every event when a call fails by %s: nobody knows what the bus took",
    async (_, error) => {
      const { publisher, calls } = aPublisher(() => {
        throw error;
      });

      const answers = await publisher.publish(EVENTS);

      expect(answers).toMatchObject(THREE.map(() => ({ kind: "transient" })));
      // The client has repeated it by itself.
      expect(calls()).toEqual([THREE]);
    },
  );

  test("loses nothing of a call that the bus took when the next one fails", async () => {
    const tokens = Array.from({ length: 12 }, (_, index) => `JA-${index}`);
    const { publisher } = aPublisher((entries, call) => {
      if (call === 2) throw anAwsError("InternalException", 500);
      return taken(entries);
    });

    const answers = await publisher.publish(tokens.map((token) => eventOf(token)));

    expect(answers.slice(0, 10)).toEqual(Array.from({ length: 10 }, () => null));
    expect(answers.slice(10)).toMatchObject([{ kind: "transient" }, { kind: "transient" }]);
  });
});
