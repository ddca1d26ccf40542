import type { IngestDependencies } from "../../../lambdas/ingest/handler.ts";
import type { FaultPoints, SandboxContext } from "../faults/fault-points.ts";
import { inIngest } from "./plant.ts";
import type { Mutants } from "./mutant.ts";

type Send = IngestDependencies["queue"]["send"];

/** An ingest that sends so. */
function sending(
  wrong: (right: Send, dependencies: IngestDependencies, context: SandboxContext) => Send,
): FaultPoints {
  return inIngest((right, context) => ({
    queue: {
      send: wrong((message, deadline) => right.queue.send(message, deadline), right, context),
    },
  }));
}

/** What goes wrong before the queue; four of these stand in AWS's own sample of a webhook receiver. */
export const INGEST_MUTANTS: Mutants = {
  "acknowledged-before-stored": {
    what: "200 is answered before SQS has accepted the message",
    plant: () =>
      sending((right) => async (message, deadline) => {
        void right(message, deadline);
        return { stored: true };
      }),
  },
  "acknowledged-in-spite-of-failure": {
    what: "200 is answered although SQS did not accept the message",
    plant: () =>
      sending((right) => async (message, deadline) => {
        await right(message, deadline);
        return { stored: true };
      }),
  },
  "base64-ignored": {
    what: "a body that API Gateway hands over as base64 is taken as it is",
    plant: () => ({ ingest: (handle) => (event) => handle({ ...event, isBase64Encoded: false }) }),
  },
  "secret-cached-without-refresh": {
    what: "a credential that is new is refused until the cached secret is five minutes old",
    within: 600,
    plant: () => ({ credentialCache: (right) => ({ ...right, refreshed: async () => undefined }) }),
  },
  "large-body-lost": {
    what: "the queue gets the key of a large body, and the bucket does not get the body",
    within: 600,
    plant: () => inIngest(() => ({ payloads: { put: async () => ({ stored: true }) } })),
  },
  "aws-sample-refuses-the-unknown": {
    what: "AWS's sample: what it does not know gets 400, which counts towards Alloy's switch-off",
    plant: () => ({
      ingest: (handle) => async (event) => {
        const body = event.isBase64Encoded ? atob(event.body ?? "") : (event.body ?? "");
        if (body.includes('"data"')) return handle(event);
        return { statusCode: 400, body: "{}" };
      },
    }),
  },
  "aws-sample-removes-the-stored-body": {
    what: "AWS's sample: when the second write fails, the body is removed, also if it did not fail",
    plant: () =>
      sending((right, { payloads }, { cloud }) => async (message, deadline) => {
        const envelope: { receiptId: string; body: string | null } = JSON.parse(message);
        const { body, receiptId: key } = envelope;
        if (body === null) return right(message, deadline);
        const put = await payloads.put(key, Buffer.from(body), deadline);
        if (!put.stored) return put;
        const claim = JSON.stringify({ ...envelope, body: null, payloadKey: key });
        const outcome = await right(claim, deadline);
        if (!outcome.stored) cloud.payloads.payloads.delete(key);
        return outcome;
      }),
  },
};
