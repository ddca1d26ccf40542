import { HttpAlloyApi } from "../../../lambdas/adapters/alloy/alloy-api.ts";
import type { NearbyReports } from "../../../lambdas/domain/application/alias.ts";
import { correctionsOf } from "../../../lambdas/domain/application/correction.ts";
import { joined } from "../../../lambdas/domain/application/received-events.ts";
import type { JourneyEvent } from "../../../lambdas/domain/event/journey-event.ts";
import { stateOfEvent } from "../../../lambdas/domain/application/observation.ts";
import type { AlloyAnswer } from "../../../lambdas/domain/polling/polling-ports.ts";
import type { MemoryApplicationTable } from "../../../tools/cloud-in-memory/application-table.ts";
import { aCorrectionContext } from "../../support/correction-context.ts";
import { aJourneyEvent } from "../../support/journey-event.ts";
import { aPoller, START, withRecorded } from "../../support/poller.ts";
import { alloyAnswer } from "../../../tools/cloud-in-memory/builders.ts";
import type { Mutants } from "./mutant.ts";
import { aTable, inStore, readingMessages } from "./plant.ts";
import { HOUR } from "../../../tools/cloud-in-memory/clock.ts";

const AT = Date.UTC(2026, 10, 23, 20);

/** What another side says, or does not say: a second report, another account's API, another environment. */
export const SIDE_MUTANTS: Mutants = {
  "shadow-judged-by-trial-state": {
    what: "whether the state has Alloy's mark of a shadow is read where the answer is joined already",
    async hunt(isPlanted) {
      const started = aJourneyEvent({ at: START - HOUR });
      const answer = alloyAnswer("JA-1", [started], { is_shadow_app: true });
      if (answer.kind !== "application") return "no application was read";
      const { application } = answer;
      const state = stateOfEvent(started);
      const listed = application.events.map(({ event }) => stateOfEvent(event));
      const judged = isPlanted ? (joined([state, ...listed]) ?? state) : state;
      const context = aCorrectionContext(START);
      const marks = correctionsOf(application, judged, context);
      return marks.some(({ snapshot }) => snapshot.isShadow) ? null : "the mark is not taken over";
    },
  },
  "alias-by-wildcard": {
    what: "a webhook is taken for the nearest healed event, whatever either says of its applicant",
    needs: "applicant-once",
    plant: () =>
      inStore((store) => ({
        reportsNear: async (event) => withoutContent(event, await store.reportsNear(event)),
      })),
  },
  "any-404-is-unknown": {
    what: "a firewall's page of HTML with 404 is taken for Alloy's word that it knows no application",
    async hunt(isPlanted) {
      // Eight days behind a firewall that lets one application through.
      const page = async () => new Response("<html>Not here.</html>", { status: 404 });
      const authorization = { header: async () => "Basic none", renew() {} };
      const api = new HttpAlloyApi({
        baseUrl: "https://alloy.example/v1",
        authorization,
        fetch: page,
        now: () => START,
      });
      const asked = { applicationToken: "JA-1", journeyToken: "J-1" };
      const said = await api.getApplication(asked, 1_000);
      const unknown: AlloyAnswer = { kind: "unknown", status: 404, minorCode: null };
      const behind = isPlanted && said.kind === "failed" ? unknown : said;
      const tokens = ["JA-through", "JA-1", "JA-2", "JA-3"];
      const events = (applicationToken: string) => [
        aJourneyEvent({ applicationToken, at: START - HOUR }),
      ];
      const applications = new Map(tokens.map((token) => [token, withRecorded(events(token))]));
      const poller = aPoller(applications, {
        answer: (token) => (token === "JA-through" ? alloyAnswer(token, events(token)) : behind),
      });
      for (let run = 0; run < 64; run += 1) {
        await poller.run();
        poller.advance(3 * HOUR);
      }
      const left = [...applications.values()].filter(({ dueAt }) => dueAt === null).length;
      return left === 0 ? null : `${left} open applications are given up`;
    },
  },
  "path-as-token": {
    what: "a token with a path in it asks another address of Alloy's API, with our key",
    async hunt(isPlanted) {
      const urls: string[] = [];
      const fetchNothing: typeof fetch = async (url) => {
        urls.push(url instanceof Request ? url.url : url.toString());
        return new Response("{}");
      };
      const authorization = { header: async () => "Basic none", renew() {} };
      const options = { baseUrl: API, authorization, fetch: fetchNothing, now: () => START };
      const api = new HttpAlloyApi(options);
      for (const applicationToken of PATHS) {
        if (isPlanted) await fetchNothing(`${API}/journeys/J-1/applications/${applicationToken}`);
        else await api.getApplication({ applicationToken, journeyToken: "J-1" }, 1_000);
      }
      const right = `${API}/journeys/J-1/applications/JA-1`;
      const stray = urls.map((url) => new URL(url).href).find((url) => url !== right);
      if (stray !== undefined) return `${stray} was asked for`;
      return urls.length === 1 ? null : "an application was not asked for";
    },
  },
  "failed-ones-first": {
    what: "whoever is due the longest is first, so that those that always fail keep out the others",
    async hunt(isPlanted) {
      // The index does not know what has failed.
      const table = aTable(isPlanted, (right) => ({
        async list(now, limit) {
          const all = await right.list(now, Infinity);
          return all.toSorted((one, other) => one.dueAt - other.dueAt).slice(0, limit);
        },
      }));
      await withFailures(table, 200, 40);
      const run = await table.list(AT + HOUR, 200);
      const healthy = run.filter(({ applicationToken }) => applicationToken.startsWith("JA-good"));
      return healthy.length === 40 ? null : `a run checks ${healthy.length} of 40 healthy ones`;
    },
  },
  "sandbox-published-at-live": {
    what: "another environment's events are told as the stage's: nobody reads what the envelope says",
    plant: () =>
      readingMessages("webhook", (message) => {
        // The last word of the webhook's `type` is no one's.
        const last = /("type":\s*"[a-z:_]*):(?:live|production)"/;
        const { body } = message;
        return typeof body === "string" ? { ...message, body: body.replace(last, '$1"') } : message;
      }),
  },
  "submission-of-another-environment": {
    what: "nobody reads the flag `sandbox` of a submission: webhooks of another environment are missed",
    plant: () =>
      readingMessages("submission", (message) => ({
        ...message,
        submission: { ...Object(message["submission"]), sandbox: null },
      })),
  },
};

/** The bug: nothing but type and time is compared. */
function withoutContent({ eventId }: JourneyEvent, near: NearbyReports): NearbyReports {
  const bare = {
    entityApplicationToken: null,
    entityToken: null,
    nodeId: null,
    eventToken: null,
    outcome: null,
  };
  return {
    recorded: near.recorded
      .filter((one) => one.eventId !== eventId)
      .map((one) => ({ ...one, ...bare })),
    marks: near.marks.map((mark) => ({
      event: { ...mark.event, ...bare },
      lookAlikes: [],
      webhooks: [],
    })),
  };
}

/** Applications of which so many failed at their last check, and are due before the healthy ones. */
async function withFailures(table: MemoryApplicationTable, failing: number, healthy: number) {
  for (let index = 0; index < failing + healthy; index += 1) {
    const applicationToken = `JA-${index < failing ? "bad" : "good"}-${index}`;
    const dueAt = AT + index;
    const observation = stateOfEvent(aJourneyEvent({ applicationToken, at: AT - HOUR }));
    await table.mergeState(observation, { dueAt, when: "first" });
    if (index >= failing) continue;
    const again = () => dueAt;
    const claim = { now: AT, until: AT + 1, again };
    const claimed = await table.claim({ applicationToken, dueAt, hasFailed: false }, claim);
    if (claimed === null) throw new Error(`${applicationToken} is claimed`);
    const memory = { ...claimed.memory, failedChecks: 1 };
    await table.plan(claimed, { dueAt, memory, gap: null, at: AT });
  }
}

const API = "https://alloy.example/v1";
const PATHS = ["JA-1", "../../evaluations", "..", "JA-1?fullData=true", "a/../../../keys", "."];
