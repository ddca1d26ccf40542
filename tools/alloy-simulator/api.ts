import * as v from "valibot";

import type { Alloy, Submission } from "./alloy.ts";
import { makeApiCredentials } from "./api-credentials.ts";
import type { ApiKey } from "./api-credentials.ts";
import type { ApiFaults } from "./api-faults.ts";
import { errorReply, jsonReply, readJson } from "./api-reply.ts";
import type { ApiErrorName, ApiReply, ApiRequest } from "./api-reply.ts";
import type { ApplicationResponse } from "./application-response.ts";
import { answerBearer } from "./bearer-endpoint.ts";
import { JOURNEYS } from "./journeys.ts";
import type { Scenario } from "./scenario.ts";
import { makeTokens } from "./tokens.ts";

/** A synchronous Create waits at most so long (docs: best-practice-implementation). */
const SYNCHRONOUS_LIMIT_MS = 20_000;

/** Which scenario an application goes through that somebody creates without saying it. */
const DEFAULT_SCENARIO = "approved-at-once";

const externalId = v.optional(v.nullable(v.pipe(v.string(), v.regex(/^[\w-]+$/))));

/** Fields of Create and Rerun that matter here; the others are accepted and not looked at. */
const SubmissionSchema = v.object({
  entities: v.optional(
    v.pipe(
      v.array(v.object({ external_entity_id: v.optional(v.nullable(v.string())) })),
      v.minLength(1),
    ),
  ),
  external_group_id: v.optional(v.nullable(v.string())),
  external_partner_id: v.optional(v.nullable(v.string())),
  external_application_id: externalId,
  application_meta: v.optional(v.nullable(v.record(v.string(), v.unknown()))),
});

/** One call of the API, for whoever counts them. */
interface ApiCall {
  readonly at: number;
  readonly method: string;
  readonly path: string;
  /** 0 when the call was left hanging. */
  readonly status: number;
}

export type AlloyApi = Readonly<ReturnType<typeof makeAlloyApi>>;

interface ApiDependencies {
  readonly alloy: Alloy;
  readonly faults: ApiFaults;
  readonly key: ApiKey;
  readonly scenarios: ReadonlyMap<string, Scenario>;
  readonly now: () => number;
  readonly random: () => number;
}

/**
 * Answers as Alloy's API does (docs: the reference; facts on errors and rate limits):
 * `POST /v1/oauth/bearer`, for Journey Applications Create, Get and Rerun, and the list of Investigations. Everything
 * else is 404.
 * `fullData` and `hideFields` are accepted and change nothing, since no applicant's data is kept here.
 */
export function makeAlloyApi(dependencies: ApiDependencies) {
  const { alloy, faults, scenarios, now } = dependencies;
  const credentials = makeApiCredentials(dependencies.key, now, dependencies.random);
  const tokens = makeTokens(dependencies.random);
  const calls: ApiCall[] = [];

  const context = (message: string, details: Record<string, unknown> = {}) => ({
    message,
    details,
    errorToken: tokens.uuid(),
    now: now(),
  });
  const fail = (name: ApiErrorName, message: string, details?: Record<string, unknown>) =>
    errorReply(name, context(message, details));

  function spoiltReply(): ApiReply | null | "unspoilt" {
    const spoiling = faults.spoil();
    if (spoiling === null) return "unspoilt";
    switch (spoiling.kind) {
      case "hang":
        return null;
      case "error":
        return fail("internal", "An unexpected error occurred");
      case "unavailable":
        return fail("maintenance", "Temporarily Offline for Maintenance");
      case "unauthorized":
        return fail("badCredentials", "Bad credentials");
      case "garbage":
        return {
          status: 200,
          headers: { "content-type": "text/html" },
          body: "<html><body>Bad gateway",
        };
      case "rate-limit":
        return errorReply("rateLimit", {
          ...context("Too many requests"),
          headers: spoiling.headers,
        });
    }
  }

  function readSubmission(
    body: string,
  ): { readonly submission: Submission; readonly entities: number } | ApiReply {
    const parsed = v.safeParse(SubmissionSchema, readJson(body));
    if (!parsed.success) {
      const details = Object.fromEntries(
        parsed.issues.map((issue) => [v.getDotPath(issue) ?? "body", issue.message]),
      );
      return fail("bodyValidation", "Body validation failed", details);
    }
    const { output } = parsed;
    return {
      entities: output.entities?.length ?? 0,
      submission: {
        externalGroupId: output.external_group_id ?? null,
        externalPartnerId: output.external_partner_id ?? null,
        externalApplicationId: output.external_application_id ?? null,
        ...(output.application_meta === undefined ? {} : { meta: output.application_meta }),
        externalEntityIds:
          output.entities?.map((entity) => entity.external_entity_id ?? null) ?? [],
      },
    };
  }

  async function create(request: ApiRequest, journeyToken: string): Promise<ApiReply> {
    if (!JOURNEYS.has(journeyToken)) {
      return fail("notFound", "The requested Journey was not found", {
        journey_token: journeyToken,
      });
    }
    const read = readSubmission(request.body);
    if ("status" in read) return read;
    const { submission, entities } = read;
    const scenario = scenarioFor(submission, journeyToken);
    if (typeof scenario === "string") {
      return fail("bodyValidation", "Body validation failed", {
        "application_meta.scenario": scenario,
      });
    }
    if (entities !== scenario.entities.length) {
      return fail("bodyValidation", "Body validation failed", {
        entities: `the scenario ${scenario.name} wants ${scenario.entities.length}, the request has ${entities}`,
      });
    }
    return answerOf(request, alloy.submit(scenario, submission));
  }

  /** The simulator's own choice, by `application_meta.scenario`: Alloy has no such thing. */
  function scenarioFor(submission: Submission, journeyToken: string): Scenario | string {
    const { meta } = submission;
    const ofJourney = [...scenarios.values()].filter((each) => each.journey === journeyToken);
    const wanted = typeof meta === "object" && meta !== null && "scenario" in meta && meta.scenario;
    const scenario = wanted
      ? ofJourney.find((each) => each.name === wanted)
      : (ofJourney.find((each) => each.name === DEFAULT_SCENARIO) ?? ofJourney[0]);
    const names = ofJourney.map((each) => each.name).join(", ");
    return scenario ?? `${JSON.stringify(wanted)} is none of this Journey's scenarios: ${names}`;
  }

  async function answerOf(request: ApiRequest, opened: ApplicationResponse): Promise<ApiReply> {
    const token = opened.journey_application_token;
    // Synchronous unless the caller says otherwise: the answer waits until the application is decided
    // or waits for somebody.
    if (request.headers["alloy-journey-override-sync"] !== "true") {
      await alloy.whenPaused(token, SYNCHRONOUS_LIMIT_MS);
    }
    return jsonReply(201, alloy.application(token) ?? opened);
  }

  async function answerCall(request: ApiRequest): Promise<ApiReply | null> {
    const spoilt = spoiltReply();
    if (spoilt !== "unspoilt") return spoilt;
    if (request.path === "/v1/oauth/bearer" && request.method === "POST") {
      return answerBearer(request, credentials, context);
    }
    switch (credentials.verdictOn(request.headers["authorization"])) {
      case "badCredentials":
        return fail("badCredentials", "Bad credentials");
      case "bearerExpired":
        return fail("bearerExpired", "The bearer token has expired");
      case "accepted":
        break;
    }
    if (request.path === "/v1/investigations" && request.method === "GET") {
      return jsonReply(200, alloy.investigations.list(request.query));
    }
    const [, journeyToken = "", applicationToken, verb] =
      /^\/v1\/journeys\/([^/]+)\/applications(?:\/([^/]+)(?:\/([^/]+))?)?$/.exec(request.path) ??
      [];
    const call = `${request.method} ${verb ?? (applicationToken === undefined ? "all" : "one")}`;
    if (journeyToken !== "" && applicationToken === undefined && call === "POST all") {
      return create(request, journeyToken);
    }
    if (applicationToken === undefined || !["GET one", "POST rerun"].includes(call)) {
      return fail("notFound", `There is no ${request.method} ${request.path} here`);
    }
    const application = alloy.application(applicationToken);
    if (application?._embedded.journey.journey_token !== journeyToken) {
      return fail("notFound", "The requested resource was not found", {
        journey_token: journeyToken,
        journey_application_token: applicationToken,
      });
    }
    if (call === "GET one") return jsonReply(200, application);
    const read = readSubmission(request.body === "" ? "{}" : request.body);
    if ("status" in read) return read;
    const rerun = alloy.rerun(applicationToken, read.submission);
    return answerOf(request, rerun ?? application);
  }

  return {
    calls,
    expireBearers: credentials.expireBearers,
    /** Null: the call is left hanging. */
    answer: async (request: ApiRequest) => {
      const reply = await answerCall(request);
      calls.push({
        at: now(),
        method: request.method,
        path: request.path,
        status: reply?.status ?? 0,
      });
      return reply;
    },
  };
}
