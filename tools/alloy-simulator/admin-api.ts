import * as v from "valibot";

import type { Alloy } from "./alloy.ts";
import type { AlloyApi } from "./api.ts";
import { ApiFaultSchema } from "./api-faults.ts";
import type { ApiFaults } from "./api-faults.ts";
import { jsonReply } from "./api-reply.ts";
import type { ApiReply, ApiRequest } from "./api-reply.ts";
import { chooseScenarios, StepSchema } from "./scenario.ts";
import type { Scenario } from "./scenario.ts";
import { WEBHOOK_FAULTS } from "./webhook-faults.ts";
import type { WebhookFaults } from "./webhook-faults.ts";

/** Alloy has nothing under this path, so the two cannot be confused. */
export const ADMIN_PATH = "/_simulator";

interface AdminDependencies {
  readonly alloy: Alloy;
  readonly api: AlloyApi;
  readonly faults: ApiFaults;
  readonly webhookFaults: WebhookFaults;
  readonly scenarios: ReadonlyMap<string, Scenario>;
}

type Answer = (body: unknown, request: ApiRequest, part: string) => ApiReply | Promise<ApiReply>;

/** A step that happens now. */
const OccurrenceSchema = v.omit(StepSchema, ["afterSeconds"]);

/** What cannot be asked of the real Alloy: faults, what was sent, and what Alloy should end with. */
export function makeAdminApi(
  dependencies: AdminDependencies,
): (request: ApiRequest) => Promise<ApiReply> {
  const { alloy, api, faults, webhookFaults, scenarios } = dependencies;

  const state = () =>
    jsonReply(200, {
      webhook: {
        active: alloy.deliveries.isActive(),
        failuresInARow: alloy.deliveries.failuresInARow(),
        withheld: alloy.isWithholding(),
        faults: WEBHOOK_FAULTS.filter((fault) => webhookFaults.isOn(fault)),
      },
      apiFault: faults.current(),
      applications: alloy.applications().length,
      deliveries: alloy.deliveries.log.length,
      calls: api.calls.length,
    });

  /** By method and path; `*` stands for one part of the path. */
  const answers: Readonly<Record<string, Answer>> = {
    "GET /": () => jsonReply(200, { endpoints: Object.keys(answers) }),
    "GET /state": state,
    "GET /applications": () => jsonReply(200, { applications: alloy.applications() }),
    "POST /applications/*/events": (body, _request, applicationToken) => {
      const occurrence = v.parse(OccurrenceSchema, body);
      return jsonReply(201, alloy.raise(applicationToken, occurrence));
    },
    "GET /deliveries": (_body, request) => {
      const token = request.query.get("application");
      const deliveries = alloy.deliveries.log.filter(
        (delivery) => token === null || delivery.applicationToken === token,
      );
      return jsonReply(200, { deliveries });
    },
    "GET /calls": () => jsonReply(200, { calls: api.calls }),
    "PUT /faults/api": (body) => {
      faults.set(v.parse(ApiFaultSchema, body));
      return state();
    },
    "PUT /faults/webhooks": (body) => {
      alloy.withhold(v.parse(v.strictObject({ withhold: v.boolean() }), body).withhold);
      return state();
    },
    "PUT /faults/delivery": (body) => {
      const { faults: wanted } = v.parse(
        v.strictObject({ faults: v.array(v.picklist(WEBHOOK_FAULTS)) }),
        body,
      );
      for (const fault of WEBHOOK_FAULTS) webhookFaults.set(fault, wanted.includes(fault));
      return state();
    },
    "PUT /webhook": (body) => {
      alloy.deliveries.setActive(v.parse(v.strictObject({ active: v.boolean() }), body).active);
      return state();
    },
    "POST /webhook/test": async () => jsonReply(200, { answer: await alloy.deliveries.sendTest() }),
    "POST /oauth/expire": () => {
      api.expireBearers();
      return state();
    },
    "POST /play": (body) => {
      const wanted = v.parse(
        v.strictObject({ scenarios: v.optional(v.array(v.string()), []) }),
        body,
      );
      const applications = chooseScenarios(wanted.scenarios, scenarios).map((scenario) => ({
        scenario: scenario.name,
        applicationToken: alloy.start(scenario).journey_application_token,
      }));
      return jsonReply(202, { applications });
    },
  };

  return async (request) => {
    const path = request.path.slice(ADMIN_PATH.length).replace(/\/$/, "") || "/";
    const [, applicationToken = ""] = /^\/applications\/([^/]+)\/events$/.exec(path) ?? [];
    const key = `${request.method} ${applicationToken === "" ? path : "/applications/*/events"}`;
    const answer = answers[key];
    if (answer === undefined) {
      return jsonReply(404, { error: `No ${key}; there are ${Object.keys(answers).join(", ")}.` });
    }
    try {
      const body: unknown = request.body === "" ? {} : JSON.parse(request.body);
      return await answer(body, request, applicationToken);
    } catch (error) {
      // Whatever the caller got wrong is said in the message: a schema's, JSON's or the core's own.
      const where = v.isValiError(error)
        ? error.issues.map((issue) => `${v.getDotPath(issue) ?? "body"}: `).join("")
        : "";
      return jsonReply(400, {
        error: `${where}${error instanceof Error ? error.message : String(error)}`,
      });
    }
  };
}
