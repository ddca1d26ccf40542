import { HttpAlloyApi } from "../../../lambdas/adapters/alloy/alloy-api.ts";
import { parseAlloyApplication } from "../../../lambdas/domain/reconciliation/alloy-application.ts";
import type { AlloyApplication } from "../../../lambdas/domain/reconciliation/alloy-application.ts";
import {
  mergeState,
  outcomeOf,
  statusOf,
} from "../../../lambdas/domain/application/application-state.ts";
import type {
  AnswerRegister,
  ApplicationState,
} from "../../../lambdas/domain/application/application-state.ts";
import {
  correctionBody,
  correctionsOf,
  parseCorrection,
} from "../../../lambdas/domain/application/correction.ts";
import type { ApplicationStatus } from "../../../lambdas/domain/event/event-types.ts";
import { stateOfEvent, stateOfSnapshot } from "../../../lambdas/domain/application/observation.ts";
import { aCorrectionContext } from "../../support/correction-context.ts";
import { aJourneyEvent } from "../../support/journey-event.ts";
import type { Mutants } from "./mutant.ts";

const AT = Date.UTC(2026, 10, 23, 20);
const HOUR = 3_600_000;
const TOKEN = "JA-1";

/** What can be lost of an answer of Alloy's, and how it can be asked for at the wrong address. */
export const ANSWER_MUTANTS: Mutants = {
  "unknown-status-drops-the-rerun": {
    what: "of an answer with a status that we do not know nothing is read, its rerun neither",
    hunt: async (isPlanted) => huntRerun((said) => (isPlanted ? withoutUnknown(said) : said)),
  },
  "path-as-token": {
    what: "a token with a path in it asks another address of Alloy's API, with our key",
    hunt: (isPlanted) => huntPaths(isPlanted),
  },
  "implausible-time-taken": {
    what: "an answer's time of another century is taken, and its correction is dead-lettered",
    async hunt(isPlanted) {
      const centuries = 99_999_999_999_999;
      const said = answerOf({ status: "completed", updated_at: centuries });
      const snapshot = said.snapshot;
      if (snapshot === null) return "nothing was read";
      const at = isPlanted ? centuries : snapshot.at;
      const rest = {
        askedAt: AT,
        basis: null,
        since: null,
        settles: true,
        confirms: null,
        mayComeBack: false,
        news: "status",
        reruns: [],
      } as const;
      const parsed = parseCorrection(correctionBody({ snapshot: { ...snapshot, at }, ...rest }));
      return parsed !== null && "reason" in parsed ? parsed.reason : null;
    },
  },
  "answers-ordered-as-text": {
    what: "of two answers with one `updated_at` the larger text counts, not the one asked for later",
    hunt: async (isPlanted) => huntAnswers(isPlanted ? largerAnswer : mergeState),
  },
};

function answerOf(changes: object): AlloyApplication {
  const body = JSON.stringify({ journey_application_token: "JA-1", ...changes });
  const asked = { applicationToken: "JA-1", journeyToken: "J-1" };
  const parsed = parseAlloyApplication(body, asked);
  if ("reason" in parsed) throw new Error(parsed.reason);
  return parsed.application;
}

/** The bug: what cannot be named is not read. */
function withoutUnknown(said: AlloyApplication): AlloyApplication {
  return said.unrecognisedStatus === null ? said : { ...said, snapshot: null, reruns: [] };
}

async function huntRerun(read: (said: AlloyApplication) => AlloyApplication) {
  const next = { next_journey_application_token: "JA-2", created_at: AT - HOUR };
  const said = answerOf({ status: "withdrawn", updated_at: AT, _embedded: { reruns: [next] } });
  const state = stateOfEvent(aJourneyEvent({ at: AT - 2 * HOUR }));
  const context = aCorrectionContext(AT);
  const corrections = correctionsOf(read(said), state, context);
  return corrections.some(({ news }) => news === "rerun") ? null : "nobody hears of the rerun";
}

const API = "https://alloy.example/v1";
const PATHS = ["JA-1", "../../evaluations", "..", "JA-1?fullData=true", "a/../../../keys", "."];

async function huntPaths(isPlanted: boolean): Promise<string | null> {
  const urls: string[] = [];
  const fetchNothing: typeof fetch = async (url) => {
    urls.push(url instanceof Request ? url.url : url.toString());
    return new Response("{}");
  };
  const authorization = { header: async () => "Basic none", renew() {} };
  const options = { baseUrl: API, authorization, fetch: fetchNothing, now: () => AT };
  const api = new HttpAlloyApi(options);
  for (const applicationToken of PATHS) {
    if (isPlanted) await fetchNothing(`${API}/journeys/J-1/applications/${applicationToken}`);
    else await api.getApplication({ applicationToken, journeyToken: "J-1" }, 1_000);
  }
  const right = `${API}/journeys/J-1/applications/JA-1`;
  const stray = urls.map((url) => new URL(url).href).find((url) => url !== right);
  if (stray !== undefined) return `${stray} was asked for`;
  return urls.length === 1 ? null : "an application was not asked for";
}

/** The bug: whichever text is larger. */
function largerAnswer(before: ApplicationState, after: ApplicationState): ApplicationState {
  const textOf = (answer: AnswerRegister | null) =>
    JSON.stringify([answer?.status, answer?.outcome]);
  const merged = mergeState(before, after);
  const isBefore = textOf(before.answer) > textOf(after.answer);
  return { ...merged, answer: isBefore ? before.answer : after.answer };
}

const ANSWERS: readonly (readonly [ApplicationStatus, string | null])[] = [
  ["completed", null],
  ["completed", "Approved"],
  ["completed", "Denied"],
  ["running", null],
  ["waiting_review", null],
  ["error", null],
];

function huntAnswers(join: typeof mergeState): string | null {
  for (const one of ANSWERS) {
    for (const other of ANSWERS) {
      const states = [one, other].map(([status, outcome], index) =>
        stateOfSnapshot(
          {
            applicationToken: TOKEN,
            journeyToken: "J-1",
            status,
            outcome,
            at: AT,
            environment: null,
            externalIds: { group: null, partner: null, application: null },
            chain: { previous: null, root: null, next: null },
            isShadow: false,
          },
          AT + index,
          null,
          null,
        ),
      );
      const state = states.reduce(join);
      const isTheLater = statusOf(state) === other[0] && outcomeOf(state) === other[1];
      if (!isTheLater) return `${one.join("/")} stays after ${other.join("/")}`;
    }
  }
  return null;
}
