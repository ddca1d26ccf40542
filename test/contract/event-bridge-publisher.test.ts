import { EventBridgeClient, PutEventsCommand } from "@aws-sdk/client-eventbridge";
import { describe, expect, test } from "vitest";

import { EventBridgePublisher } from "../../lambdas/adapters/event-bridge-publisher.ts";
import { TransientError } from "../../lambdas/domain/errors.ts";
import { stateOfEvent } from "../../lambdas/domain/observation.ts";
import { publishedEvent } from "../../lambdas/domain/published-event.ts";
import { aJourneyEvent } from "../support/journey-event.ts";

function eventOf(applicationToken: string) {
  const event = aJourneyEvent({ applicationToken });
  return publishedEvent({
    event,
    route: "progressed",
    state: stateOfEvent(event),
    late: false,
    receipt: { receiptId: "receipt", origin: "webhook", receivedAt: event.at },
    environment: "sandbox",
  });
}

/**
 * The adapter over a bus that answers so for each entry of each call: null takes it, a code refuses it.
 * What `PutEvents` answers is by place, and an entry is either taken under an id or refused.
 */
function aPublisher(answer: (applicationToken: string, call: number) => string | null) {
  const calls: string[][] = [];
  const waits: number[] = [];
  const client = new EventBridgeClient({ region: "us-east-1" });
  client.middlewareStack.add(
    () =>
      async ({ input }) => {
        const { Entries = [] } = new PutEventsCommand({ Entries: [], ...input }).input;
        const tokens = Entries.map(({ Detail = "{}" }) => tokenIn(Detail));
        calls.push(tokens);
        const answers = tokens.map((token) => answer(token, calls.length));
        const output = {
          $metadata: {},
          FailedEntryCount: answers.filter((code) => code !== null).length,
          Entries: answers.map((code) =>
            code === null ? { EventId: "taken" } : { ErrorCode: code, ErrorMessage: "no" },
          ),
        };
        return { output, response: {} };
      },
    { step: "initialize" },
  );
  const sleep = async (ms: number) => void waits.push(ms);
  return { publisher: new EventBridgePublisher({ client, busName: "bus", sleep }), calls, waits };
}

function tokenIn(detail: string): string {
  const { applicationToken }: { applicationToken: string } = JSON.parse(detail);
  return applicationToken;
}

describe("EventBridgePublisher", () => {
  test("puts again what the bus refused, and nothing else", async () => {
    const { publisher, calls, waits } = aPublisher((token, call) =>
      token === "JA-2" && call < 3 ? "ThrottlingException" : null,
    );

    const answers = await publisher.publish(["JA-1", "JA-2", "JA-3"].map(eventOf));

    expect(answers).toEqual([null, null, null]);
    expect(calls).toEqual([["JA-1", "JA-2", "JA-3"], ["JA-2"], ["JA-2"]]);
    expect(waits).toEqual([100, 200]);
  });

  test("says of each event, in order, why the bus does not take it", async () => {
    const { publisher, calls } = aPublisher((token) =>
      token === "JA-2" ? "InternalFailure" : null,
    );

    const answers = await publisher.publish(["JA-1", "JA-2", "JA-3"].map(eventOf));

    expect(answers).toEqual([null, "InternalFailure", null]);
    expect(calls).toHaveLength(3);
  });

  test("puts ten entries with a call at most", async () => {
    const { publisher, calls } = aPublisher(() => null);

    const answers = await publisher.publish(
      Array.from({ length: 12 }, (_, index) => eventOf(`JA-${index}`)),
    );

    expect(calls.map((call) => call.length)).toEqual([10, 2]);
    expect(answers).toEqual(Array.from({ length: 12 }, () => null));
  });

  test("calls nobody for nothing", async () => {
    const { publisher, calls } = aPublisher(() => null);

    expect(await publisher.publish([])).toEqual([]);
    expect(calls).toEqual([]);
  });

  test("throws a transient error when a call fails: nobody knows what the bus took", async () => {
    const { publisher } = aPublisher(() => {
      throw new Error("the connection was reset");
    });

    await expect(publisher.publish([eventOf("JA-1")])).rejects.toThrow(TransientError);
  });
});
