import { EventBridge, PutEventsCommand } from "@aws-sdk/client-eventbridge";
import type { PutEventsRequestEntry, PutEventsResponse } from "@aws-sdk/client-eventbridge";

import { answered } from "../../tools/cloud-in-memory/clients.ts";

/** A client of EventBridge whose calls end here. @param answer - to the entries of a call, from 1; it may throw. */
export function aBusClient(
  answer: (entries: readonly PutEventsRequestEntry[], call: number) => PutEventsResponse,
): { readonly client: EventBridge; readonly calls: PutEventsRequestEntry[][] } {
  const calls: PutEventsRequestEntry[][] = [];
  const client = answered(new EventBridge({ region: "us-east-1" }), (input) => {
    const { Entries = [] } = new PutEventsCommand({ Entries: [], ...input }).input;
    calls.push(Entries);
    return answer(Entries, calls.length);
  });
  return { client, calls };
}

/** The answer that takes each entry under an id. */
export function taken(entries: readonly PutEventsRequestEntry[]): PutEventsResponse {
  const Entries = entries.map((_, index) => ({ EventId: `taken-${index}` }));
  return { FailedEntryCount: 0, Entries };
}

/** An error of AWS's SDK. */
export function anAwsError(name: string, httpStatusCode: number, message = "no"): Error {
  return Object.assign(new Error(message), { name, $metadata: { httpStatusCode } });
}
