import { hash } from "node:crypto";

import { parseAlloyApplication } from "../../lambdas/domain/alloy-application.ts";
import type { AlloyApplication } from "../../lambdas/domain/alloy-application.ts";
import type { RouteId } from "../../lambdas/settings.ts";
import { appendEvent, openApplication } from "../../tools/alloy-simulator/application.ts";
import type { JourneyApplication } from "../../tools/alloy-simulator/application.ts";
import { applicationResponse } from "../../tools/alloy-simulator/application-response.ts";
import type { ApplicationResponse } from "../../tools/alloy-simulator/application-response.ts";
import type { Journey } from "../../tools/alloy-simulator/journeys.ts";
import type { Tokens } from "../../tools/alloy-simulator/tokens.ts";
import type { Dice } from "./dice.ts";
import type { Step } from "./plot-steps.ts";

type Fields = Readonly<Record<string, unknown>>;

/** An event as it happened at Alloy, and how it is told of. */
export interface TrueEvent {
  /** Its place among all of the world's: for people. */
  readonly name: string;
  readonly application: TrueApplication;
  /** Its place among the application's. */
  readonly order: number;
  readonly type: string;
  readonly at: number;
  readonly route: RouteId;
  readonly isAlwaysNews: boolean;
  /** Alloy has an outcome that the event does not name. */
  readonly leavesOutcomeOut: boolean;
  /** `data` of its webhook. */
  told: Fields & { readonly journey_application_token: string; readonly type: string };
  /** The same as JSON text: as it was first, and as it is read back from storage. */
  readonly json: { first: string | null; reread: string | null };
  /** Its element in Alloy's list, which may differ a little. */
  readonly listed: Fields;
  /** Under which it may be recorded and published: by the webhook, or by the list. */
  readonly ids: readonly string[];
  /** When it happened, by the webhook and by the list. */
  readonly times: readonly number[];
}

/** An application as Alloy holds it, from its beginning to the end of the world. */
export interface TrueApplication {
  readonly token: string;
  /** For people. */
  readonly name: string;
  readonly journeyToken: string;
  readonly createdAt: number;
  readonly isShadow: boolean;
  readonly events: TrueEvent[];
  /** What Get answered from then on, oldest first. */
  readonly versions: {
    readonly at: number;
    readonly response: ApplicationResponse;
    readonly status: string;
    readonly outcome: string | null;
    parsed: AlloyApplication | null;
  }[];
  /** How the onboarding service announces it; null: it does not. */
  readonly submission: Fields | null;
}

/** Lets the steps happen, and keeps what Alloy would say after each. */
export function playOut(
  application: JourneyApplication,
  steps: readonly Step[],
  options: {
    readonly dice: Dice;
    readonly tokens: Tokens;
    readonly name: string;
    readonly sendsEventToken: boolean;
    readonly isShadow: boolean;
    /** How the onboarding service announces it: by Alloy's whole answer to Create, by its own few fields. */
    readonly announced: "whole" | "brief" | null;
  },
): TrueApplication {
  const { dice, tokens, name, isShadow } = options;
  const played: TrueApplication = {
    token: application.token,
    name,
    journeyToken: application.journey.token,
    createdAt: application.createdAt,
    isShadow,
    events: [],
    versions: [],
    submission: submissionOf(application, options.announced),
  };
  const { events, versions } = played;
  const keep = (at: number) => {
    const { status, outcome } = application;
    const response = { ...applicationResponse(application), is_shadow_app: isShadow };
    versions.push({ at, response, status, outcome, parsed: null });
  };
  keep(application.createdAt);
  let now = application.createdAt;
  for (const [order, step] of steps.entries()) {
    now += step.gapMs;
    const { rerunToken } = step.happening;
    if (rerunToken !== undefined) {
      application.reruns.push({ initiatedBy: "dashboard", nextToken: rerunToken, createdAt: now });
    }
    const { token, body } = appendEvent(application, step.happening, tokens, now);
    const { timestamp: at, type } = body;
    if (step.unnamedOutcome !== undefined) application.outcome = step.unnamedOutcome;
    const next = steps[order + 1]?.gapMs ?? Number.POSITIVE_INFINITY;
    const { told, listed } = tellings(body, dice, Math.min(step.gapMs, next));
    const webhook = {
      ...(options.sendsEventToken && { journey_application_event_token: token }),
      ...told,
      ...(isShadow && { is_shadow_app: true }),
    };
    const ids = [...new Set([identityOf(webhook), identityOf(listed)])];
    events.push({
      name: `${name}.${order + 1}-${type}`,
      application: played,
      order,
      type,
      at,
      route: step.route,
      isAlwaysNews: step.isAlwaysNews,
      leavesOutcomeOut: step.unnamedOutcome !== undefined,
      told: webhook,
      json: { first: null, reread: null },
      listed: { journey_application_event_token: token, ...listed },
      ids,
      times: [told.timestamp, listed.timestamp],
    });
    keep(Math.max(at, now));
  }
  return played;
}

function submissionOf(
  application: JourneyApplication,
  announced: "whole" | "brief" | null,
): Fields | null {
  if (announced === null) return null;
  if (announced === "whole") return applicationResponse(application);
  return {
    journey_application_token: application.token,
    journey_token: application.journey.token,
    created_at: application.createdAt,
    external_group_id: application.externalIds.group,
  };
}

type Body = ReturnType<typeof appendEvent>["body"];

/** Webhook and list tell of one event, and may differ in the node or in milliseconds (design 2.4). */
function tellings(body: Body, dice: Dice, roomMs: number): { told: Body; listed: Body } {
  const roll = dice.next();
  const isAlone = roomMs >= 2_500;
  if (roll < 0.06) return { told: body, listed: withoutNode(body) };
  if (roll < 0.12) return { told: withoutNode(body), listed: body };
  if (roll < 0.2 && roomMs > 10) {
    const offMs = isAlone ? dice.between(1, 900) : dice.between(1, 3);
    return { told: body, listed: { ...body, timestamp: body.timestamp + offMs } };
  }
  return { told: body, listed: body };
}

function withoutNode(body: Body): Body {
  return { ...body, _embedded: { node: { id: null, name: null, position: null, type: null } } };
}

/** Design 2.4, said here anew: the code under test must find the same. */
export function identityOf(data: Fields): string {
  const parts = [
    data["journey_application_token"],
    data["type"],
    data["timestamp"],
    data["entity_application_token"] ?? "",
    nodeIdIn(data["_embedded"]),
  ];
  return hash("sha256", JSON.stringify(parts)).slice(0, 32);
}

function nodeIdIn(embedded: unknown): string {
  const { node }: { readonly node?: { readonly id?: string | null } } = Object(embedded);
  return node?.id ?? "";
}

/** What Get Journey Application answers at this time; null before Alloy knows the application. */
export function answerAt(application: TrueApplication, now: number): AlloyApplication | null {
  const version = application.versions.findLast(({ at }) => at <= now);
  if (version === undefined) return null;
  version.parsed ??= parse(application, version.response);
  return version.parsed;
}

function parse(application: TrueApplication, response: ApplicationResponse): AlloyApplication {
  const { token: applicationToken, journeyToken } = application;
  const count = response._embedded.events.length;
  const events = application.events.slice(0, count).map(({ listed }) => listed);
  const body = JSON.stringify({ ...response, _embedded: { ...response._embedded, events } });
  const parsed = parseAlloyApplication(body, { applicationToken, journeyToken });
  if ("reason" in parsed) throw new Error(parsed.reason);
  return parsed.application;
}

export function open(options: {
  readonly journey: Journey;
  readonly dice: Dice;
  readonly tokens: Tokens;
  readonly now: number;
  readonly name: string;
  readonly applicants: readonly string[];
  readonly rerunOf: JourneyApplication | null;
}): JourneyApplication {
  const { journey, tokens, now, name, applicants, rerunOf } = options;
  return openApplication(
    {
      journey,
      environment: "sandbox",
      externalIds: { partner: null, group: `group-${name}`, application: `application-${name}` },
      meta: null,
      applicants: applicants.map((ref) => ({
        ref,
        type: "person",
        name: ref,
        branch: "persons",
        externalId: `${ref}-${name}`,
      })),
      rerun:
        rerunOf === null
          ? null
          : {
              initiatedBy: "dashboard",
              previousToken: rerunOf.token,
              rootToken: rerunOf.token,
              rootExternalGroupId: rerunOf.externalIds.group,
            },
    },
    tokens,
    now,
  );
}
