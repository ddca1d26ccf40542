import type { AlloyApplication } from "../../../lambdas/domain/reconciliation/alloy-application.ts";
import type { AnswerRegister } from "../../../lambdas/domain/application/application-state.ts";
import { mergeState, NO_FACTS } from "../../../lambdas/domain/application/application-state.ts";
import { stateOfSubmission } from "../../../lambdas/domain/application/observation.ts";
import { correctionBody, parseCorrection } from "../../../lambdas/domain/application/correction.ts";
import type { Correction } from "../../../lambdas/domain/application/correction.ts";
import type { Envelope } from "../../../lambdas/domain/event/envelope.ts";
import { PermanentError } from "../../../lambdas/domain/errors.ts";
import type { AlloyAnswer } from "../../../lambdas/domain/polling/polling-ports.ts";
import { timeOf } from "../../../lambdas/domain/application/stamp.ts";
import { makePollerHandler } from "../../../lambdas/poller/handler.ts";
import type { PollerDependencies } from "../../../lambdas/poller/handler.ts";
import { answeredBy, inPoller, inStore, queuedBy } from "./plant.ts";
import type { Mutants } from "./mutant.ts";
import { mergedBy } from "./state.ts";
import { alloyAnswer, alloyThatAnswers } from "../../../tools/cloud-in-memory/builders.ts";
import { makeMemoryCloud } from "../../../tools/cloud-in-memory/cloud.ts";
import { pollerOver } from "../../../tools/cloud-in-memory/runtime.ts";
import { withMethods } from "../../../tools/cloud-in-memory/faults.ts";
import { MINUTE } from "../../../tools/cloud-in-memory/clock.ts";

const AT = Date.UTC(2026, 10, 23, 20);
const FAILED: AlloyAnswer = { kind: "failed", cause: "server-error", retryAfterMs: null };
const UNSAID = { journeyToken: "J-1", externalIds: NO_FACTS.externalIds };

/** What goes wrong when Alloy's API does not answer as its documentation shows. */
export const ALLOY_MUTANTS: Mutants = {
  "older-answer-not-taken": {
    what: "an answer that is older than our record of its own last event confirms nothing",
    needs: "outcome-once",
    plant: () => {
      const said = new Map<string, number>();
      return answeredBy(
        (application) => {
          said.set(application.applicationToken, application.snapshot?.at ?? 0);
          return application;
        },
        (envelope) => {
          const { snapshot } = correctionIn(envelope) ?? {};
          const isLifted = (snapshot?.at ?? 0) > (said.get(snapshot?.applicationToken ?? "") ?? 0);
          return isLifted ? null : envelope;
        },
      );
    },
  },
  "mark-of-a-shadow-not-read": {
    what: "Alloy's answer says that the application is a shadow one, and nobody reads it",
    needs: "shadow-once",
    plant: () => answeredBy(unmarked),
  },
  "refused-application-given-up": {
    what: "an application that the API refuses, as it does every other, has left the index",
    needs: "api-refuses-all",
    plant: () => inPoller(givenUpWhenRefused),
  },
  "unknown-status-hides-the-answer": {
    what: "of an answer with a status that we do not know nothing is read",
    needs: "unknown-status",
    plant: () =>
      answeredBy((said) =>
        said.unrecognisedStatus === null ? said : { ...said, snapshot: null, reruns: [] },
      ),
  },
  "answer-of-one-time-by-its-text": {
    what: "of two answers with one `updated_at` the larger text counts, in the table itself",
    needs: "still-updated-at",
    plant: () =>
      mergedBy((before, observation) => {
        const merged = mergeState(before, observation);
        const [one, other] = [before.answer, observation.answer];
        const isOneTime =
          one !== null && other !== null && timeOf(one.stamp) === timeOf(other.stamp);
        return isOneTime ? { ...merged, answer: largerAsText(one, other) } : merged;
      }),
  },
  "large-event-never-queued": {
    what: "an event that no message can hold counts as healed, and is in no queue",
    needs: "huge-event",
    plant: () => queuedBy((envelope) => (envelope.payloadKey === null ? envelope : null)),
  },
  "bearer-by-the-specification-alone": {
    what: "a bearer is taken only when its answer says in a number how long it lives",
    needs: "bearer",
    plant: () => ({
      alloyPage: (url, page) => {
        if (!url.endsWith("/oauth/bearer")) return page;
        const { expires_in: expiresIn }: { readonly expires_in?: unknown } = JSON.parse(page.body);
        return typeof expiresIn === "number" ? page : { ...page, body: "{}" };
      },
    }),
  },
  "one-failure-is-an-outage": {
    what: "what always fails is due first, and its failure ends the run",
    async hunt(isPlanted) {
      const cloud = makeMemoryCloud({ now: () => AT });
      const asked = new Set<string>();
      const dueAt = AT - MINUTE;
      for (const applicationToken of ["JA-1", "JA-2", "JA-3"]) {
        const submission = { ...UNSAID, applicationToken, submittedAt: dueAt };
        await cloud.applications.mergeState(stateOfSubmission(submission), {
          dueAt,
          when: "first",
        });
      }
      const right = pollerOver({
        cloud,
        now: () => AT,
        alloy: alloyThatAnswers(({ applicationToken }) => {
          if (applicationToken === "JA-1") return FAILED;
          asked.add(applicationToken);
          return alloyAnswer(applicationToken, []);
        }),
      });
      await makePollerHandler(isPlanted ? endedByOneFailure(right) : right)({});
      return asked.size === 2 ? null : `${asked.size} of 2 healthy applications are compared`;
    },
  },
  "time-of-another-century-taken": {
    what: "a correction has the time that the answer says, whatever it is",
    needs: "odd-answer-times",
    plant: () => {
      const timeless = new Set<string>();
      return answeredBy(
        (application) => {
          const { applicationToken: token, snapshot, events } = application;
          const isFromEvents = events.some(({ event }) => event.at === snapshot?.at);
          if (isFromEvents) timeless.add(token);
          return application;
        },
        (envelope) => {
          const correction = correctionIn(envelope);
          if (correction === null || !timeless.has(correction.snapshot.applicationToken))
            return envelope;
          const snapshot = { ...correction.snapshot, at: 9e15 };
          return { ...envelope, body: correctionBody({ ...correction, snapshot }) };
        },
      );
    },
  },
  "empty-id-refused": {
    what: "an event with an empty external id is dead-lettered, as an index takes no empty key",
    needs: "odd-external-ids",
    plant: () =>
      inStore((store) => ({
        async recordEvent(event) {
          const hasEmptyId = /"external_[a-z]+_id":""/.test(new TextDecoder().decode(event.body));
          if (hasEmptyId) throw new PermanentError("an index takes no empty key");
          return store.recordEvent(event);
        },
      })),
  },
};

function givenUpWhenRefused({ alloy, applications }: PollerDependencies) {
  const refused = new Set<string>();
  return {
    alloy: withMethods(alloy, {
      async getApplication(asked, timeoutMs) {
        const answer = await alloy.getApplication(asked, timeoutMs);
        const isRefused = answer.kind === "failed" && answer.cause === "refused";
        if (isRefused) refused.add(asked.applicationToken);
        else refused.delete(asked.applicationToken);
        return answer;
      },
    }),
    applications: withMethods(applications, {
      plan: (claimed, plan) =>
        applications.plan(claimed, {
          ...plan,
          ...(refused.has(claimed.state.applicationToken) && { dueAt: null }),
        }),
    }),
  };
}

function correctionIn({ body }: Envelope): Correction | null {
  const parsed = body === null ? null : parseCorrection(body);
  return parsed !== null && "correction" in parsed ? parsed.correction : null;
}

function unmarked({ snapshot, events, ...rest }: AlloyApplication): AlloyApplication {
  return {
    ...rest,
    snapshot: snapshot && { ...snapshot, isShadow: false },
    events: events.map((one) => ({ ...one, event: { ...one.event, isShadow: false } })),
  };
}

function largerAsText(one: AnswerRegister, other: AnswerRegister): AnswerRegister {
  const textOf = ({ status, outcome }: AnswerRegister) => JSON.stringify([status, outcome]);
  return textOf(one) > textOf(other) ? one : other;
}

function endedByOneFailure(right: PollerDependencies): PollerDependencies {
  let hasFailed = false;
  return {
    ...right,
    applications: withMethods(right.applications, {
      async list(now, limit) {
        hasFailed = false;
        const due = await right.applications.list(now, limit);
        return due.toSorted((one, other) => Number(other.hasFailed) - Number(one.hasFailed));
      },
    }),
    alloy: withMethods(right.alloy, {
      async getApplication(asked, timeoutMs) {
        const answer: AlloyAnswer = hasFailed
          ? FAILED
          : await right.alloy.getApplication(asked, timeoutMs);
        if (answer.kind === "failed") hasFailed = true;
        return answer;
      },
    }),
  };
}
