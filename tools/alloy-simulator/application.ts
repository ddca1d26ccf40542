import { eventKindOf, isClosed } from "./event-catalogue.ts";
import type { ApplicationStatus } from "./event-catalogue.ts";
import type { Journey } from "./journeys.ts";
import type { ScenarioStep } from "./scenario.ts";
import type { Tokens } from "./tokens.ts";
import type { AlloyEnvironment } from "./webhook.ts";

/** An applicant within one application. */
interface Applicant {
  readonly ref: string;
  readonly type: "person" | "business";
  readonly name: string;
  readonly branch: string;
  readonly externalId: ExternalId;
  readonly token: string;
  readonly entityApplicationToken: string;
  readonly createdAt: number;
  status: ApplicationStatus;
  outcome: string | null;
  /** Of the evaluation that began last. */
  evaluationToken: string | null;
}

/** `data` of a webhook, and an element of `_embedded.events[]` but for its token. */
interface EventBody {
  readonly journey_application_token: string;
  readonly type: string;
  readonly timestamp: number;
  readonly entity_token: string | null;
  readonly entity_application_token: string | null;
  readonly [field: string]: unknown;
}

export interface JourneyEvent {
  /** `journey_application_event_token`. */
  readonly token: string;
  readonly body: EventBody;
}

/** The client's own id, as the client gave it: numbers are seen too. */
export type ExternalId = string | number | null;

/** What a new application takes from the caller of Create. */
interface ExternalIds {
  readonly partner: ExternalId;
  readonly group: ExternalId;
  readonly application: ExternalId;
}

interface Rerun {
  readonly initiatedBy: "api" | "dashboard";
  readonly previousToken: string;
  readonly rootToken: string;
  readonly rootExternalGroupId: ExternalId;
}

/** A Journey Application as Alloy holds it. */
export interface JourneyApplication {
  readonly token: string;
  readonly journey: Journey;
  readonly environment: AlloyEnvironment;
  readonly externalIds: ExternalIds;
  readonly applicants: readonly Applicant[];
  /** The group of several applicants; null for one. */
  readonly groupToken: string | null;
  readonly meta: unknown;
  readonly createdAt: number;
  updatedAt: number;
  closedAt: number | null;
  status: ApplicationStatus;
  outcome: string | null;
  /** Chronological. */
  readonly events: JourneyEvent[];
  /** This one is a rerun of another. */
  readonly rerun: Rerun | null;
  /** This one was run again. */
  readonly reruns: {
    readonly initiatedBy: "api" | "dashboard";
    readonly nextToken: string;
    readonly createdAt: number;
  }[];
}

/** What opens an application. */
interface Opening {
  readonly journey: Journey;
  readonly environment: AlloyEnvironment;
  readonly externalIds: ExternalIds;
  readonly meta: unknown;
  /** The token is known already, in a rerun. */
  readonly applicants: readonly (Pick<
    Applicant,
    "ref" | "type" | "name" | "branch" | "externalId"
  > & { readonly token?: string })[];
  readonly groupToken?: string | null;
  readonly rerun: Rerun | null;
}

export function openApplication(opening: Opening, tokens: Tokens, now: number): JourneyApplication {
  const { applicants } = opening;
  return {
    token: tokens.token("JA"),
    journey: opening.journey,
    environment: opening.environment,
    externalIds: opening.externalIds,
    meta: opening.meta,
    applicants: applicants.map(({ token, ...applicant }) => ({
      ...applicant,
      token: token ?? tokens.token(applicant.type === "person" ? "P" : "B"),
      entityApplicationToken: tokens.token("EA"),
      createdAt: now,
      status: "running",
      outcome: null,
      evaluationToken: null,
    })),
    groupToken: opening.groupToken ?? (applicants.length > 1 ? tokens.token("G") : null),
    createdAt: now,
    updatedAt: now,
    closedAt: null,
    status: "running",
    outcome: null,
    events: [],
    rerun: opening.rerun,
    reruns: [],
  };
}

/** What happens to an application: a scenario's step, and what a rerun adds to it. */
export type Occurrence = Omit<ScenarioStep, "afterSeconds"> & { readonly rerunToken?: string };

/**
 * Appends an event to the application and moves its status.
 *
 * @returns the event, which shares its identity (application, type, time, applicant, node) with none
 *   before it: where the clock stands still, its time is moved on by as many milliseconds as it needs.
 * @throws Error when the application has no such applicant or its Journey no such node.
 */
export function appendEvent(
  application: JourneyApplication,
  occurrence: Occurrence,
  tokens: Tokens,
  now: number,
): JourneyEvent {
  const applicant = applicantOf(application, occurrence.entity);
  const kind = eventKindOf(occurrence.event);
  if (applicant && occurrence.event === "started_evaluation") {
    applicant.evaluationToken = tokens.token(application.environment === "sandbox" ? "S" : "L");
  }
  const evaluationToken = kind?.ofEvaluation ? (applicant?.evaluationToken ?? null) : null;
  const node = nodeOf(application, occurrence.node);
  let timestamp = Math.max(now, application.events.at(-1)?.body.timestamp ?? 0);
  const isTaken = () =>
    application.events.some(
      ({ body }) =>
        body.type === occurrence.event &&
        body.timestamp === timestamp &&
        body.entity_application_token === (applicant?.entityApplicationToken ?? null),
    );
  while (isTaken()) timestamp += 1;

  // With one applicant, completed_application names it although it speaks of the application: the
  // API's own example does so. Everything else on application level names the group or nobody.
  const [only, ...others] = application.applicants;
  const named =
    applicant ??
    (occurrence.event === "completed_application" && others.length === 0 ? only : undefined);
  const { journey, token } = application;
  const event: JourneyEvent = {
    token: tokens.eventToken(),
    body: {
      journey_application_token: token,
      type: occurrence.event,
      ...(occurrence.outcome === undefined ? {} : { outcome: occurrence.outcome }),
      external_partner_id: application.externalIds.partner,
      external_group_id: application.externalIds.group,
      timestamp,
      entity_token: named?.token ?? application.groupToken,
      entity_application_token: applicant?.entityApplicationToken ?? null,
      ...(evaluationToken === null ? {} : { evaluation_token: evaluationToken }),
      ...(occurrence.reason === undefined || occurrence.event === "error"
        ? {}
        : { reason: occurrence.reason, reasons: [occurrence.reason] }),
      ...(occurrence.event === "error"
        ? { error_data: errorOf(application, occurrence, tokens, timestamp) }
        : {}),
      ...(occurrence.rerunToken === undefined
        ? {}
        : { rerun_journey_application_token: occurrence.rerunToken }),
      _embedded: { node },
      _links: {
        journey_application: { href: `/v1/journeys/${journey.token}/applications/${token}` },
        ...(evaluationToken === null
          ? {}
          : { evaluation: { href: `/v1/evaluations/${evaluationToken}` } }),
      },
      journey_token: journey.token,
      journey_name: journey.name,
      external_entity_id: named?.externalId ?? null,
    },
  };
  application.events.push(event);
  moveStatus(application, applicant, occurrence, timestamp);
  return event;
}

function applicantOf(application: JourneyApplication, ref: string | undefined) {
  if (ref === undefined) return undefined;
  const applicant = application.applicants.find((candidate) => candidate.ref === ref);
  if (applicant === undefined) {
    throw new Error(
      `${application.token} has no entity "${ref}"; it has ${application.applicants.map((each) => each.ref).join(", ")}.`,
    );
  }
  return applicant;
}

function nodeOf(application: JourneyApplication, name: string | undefined) {
  if (name === undefined) return { id: null, name: null, position: null, type: null };
  const node = application.journey.nodes[name];
  if (node === undefined) {
    throw new Error(
      `${application.journey.name} has no node "${name}"; it has ${Object.keys(application.journey.nodes).join(", ")}.`,
    );
  }
  return node;
}

function errorOf(
  application: JourneyApplication,
  occurrence: Occurrence,
  tokens: Tokens,
  timestamp: number,
) {
  const config = application.journey.nodes[occurrence.node ?? ""]?.config;
  return {
    status_code: 500,
    timestamp,
    error: {
      type: "Service Error",
      message: occurrence.reason ?? "An unexpected error occurred",
      minor_code: 5000,
      details: {},
      error_token: tokens.uuid(),
    },
    entity_token: null,
    evaluation_token: null,
    application_token: config?.["workflow_token"] ?? null,
    application_version_id: config?.["workflow_version_id"] ?? null,
  };
}

function moveStatus(
  application: JourneyApplication,
  applicant: Applicant | undefined,
  occurrence: Occurrence,
  timestamp: number,
): void {
  const { status = application.status } = occurrence;
  application.updatedAt = timestamp;
  application.status = status;
  // complete_outcome is set only when the status is completed.
  if (occurrence.event === "completed_application")
    application.outcome = occurrence.outcome ?? null;
  application.closedAt = isClosed(status) ? (application.closedAt ?? timestamp) : null;

  const isOnly = application.applicants.length === 1;
  if (applicant) {
    applicant.status = occurrence.entityStatus ?? (isOnly ? status : applicant.status);
    applicant.outcome = occurrence.entityOutcome ?? applicant.outcome;
  }
  if (!isClosed(status)) return;
  for (const each of application.applicants) {
    if (isClosed(each.status)) continue;
    each.status = status;
    each.outcome ??= occurrence.outcome ?? null;
  }
}
