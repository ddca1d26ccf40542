import { inIngest } from "./plant.ts";
import type { WorldMutant } from "./mutant.ts";

/** What goes wrong before the queue; four of these stand in AWS's own sample of a webhook receiver. */
export const INGEST_MUTANTS: readonly WorldMutant[] = [
  {
    id: "acknowledged-before-stored",
    what: "200 is answered before SQS has accepted the message",
    plant: () =>
      inIngest((right) => ({
        queue: {
          async send(message, deadline) {
            void right.queue.send(message, deadline);
            return { stored: true };
          },
        },
      })),
  },
  {
    id: "acknowledged-in-spite-of-failure",
    what: "200 is answered although SQS did not accept the message",
    plant: () =>
      inIngest((right) => ({
        queue: {
          async send(message, deadline) {
            await right.queue.send(message, deadline);
            return { stored: true };
          },
        },
      })),
  },
  {
    id: "base64-ignored",
    what: "a body that API Gateway hands over as base64 is taken as it is",
    plant: () => ({
      ingest: (handle) => (event) => handle({ ...event, isBase64Encoded: false }),
    }),
  },
  {
    id: "secret-cached-without-refresh",
    what: "a credential that is new is refused until the cached secret is five minutes old",
    within: 600,
    plant: () => ({
      credentialCache: (right) => ({ ...right, refreshed: () => Promise.resolve(undefined) }),
    }),
  },
  {
    id: "large-body-lost",
    what: "the queue gets the key of a large body, and the bucket does not get the body",
    within: 600,
    plant: () =>
      inIngest(() => ({
        payloads: { put: () => Promise.resolve({ stored: true }) },
      })),
  },
  {
    id: "aws-sample-refuses-the-unknown",
    what: "AWS's sample: what it does not know gets 400, which counts towards Alloy's switch-off",
    plant: () => ({
      ingest: (handle) => async (event) => {
        const body = event.isBase64Encoded ? atob(event.body ?? "") : (event.body ?? "");
        if (body.includes('"data"')) return handle(event);
        return { statusCode: 400, body: "{}" };
      },
    }),
  },
  {
    id: "aws-sample-removes-the-stored-body",
    what: "AWS's sample: when the second write fails, the body is removed, also if it did not fail",
    plant: () =>
      inIngest((right, { cloud }) => ({
        queue: {
          async send(message, deadline) {
            const envelope: { receiptId: string; body: string | null } = JSON.parse(message);
            const { body, receiptId: key } = envelope;
            if (body === null) return right.queue.send(message, deadline);
            const put = await right.payloads.put(key, Buffer.from(body), deadline);
            if (!put.stored) return put;
            const claim = JSON.stringify({ ...envelope, body: null, payloadKey: key });
            const outcome = await right.queue.send(claim, deadline);
            if (!outcome.stored) cloud.payloads.payloads.delete(key);
            return outcome;
          },
        },
      })),
  },
];
