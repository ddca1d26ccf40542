import type { RouteId } from "../../../lambdas/settings/routes.ts";
import { appendEvent, openApplication } from "../../../tools/alloy-simulator/application.ts";
import type { ExternalId, JourneyApplication } from "../../../tools/alloy-simulator/application.ts";
import { applicationResponse } from "../../../tools/alloy-simulator/application-response.ts";
import type { Journey } from "../../../tools/alloy-simulator/journeys.ts";
import type { Tokens } from "../../../tools/alloy-simulator/tokens.ts";
import { oddVersions, versionOf } from "./answers.ts";
import type { Version } from "./answers.ts";
import { decidedVersions } from "./decisions.ts";
import type { Random } from "../../../tools/cloud-in-memory/random.ts";
import { randomFor } from "./knobs.ts";
import type { Knobs } from "./knobs.ts";
import type { Step } from "./steps.ts";
import { differ, identityOf, isUnnamed, viewsOf } from "./views.ts";
import type { Views } from "./views.ts";

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
  /** What it did to the application, one of its two sides does not say: only Alloy's answer does. */
  readonly isAlloysAlone: boolean;
  /** Whether the event itself is published is not settled (`judgeEnds` looks at what was told of the whole). */
  readonly mayBeSilent: boolean;
  /** The type of its webhook's envelope; null: none. */
  readonly family: string | null;
  /** `data` of its webhook. */
  told: Fields & { readonly journey_application_token: string; readonly type: string };
  /** The same as JSON text: as it was first, and as it is read back from storage; and its element in the list. */
  readonly json: { first: string | null; reread: string | null; listed: string | null };
  /** Its element in Alloy's list, which may differ a little. */
  listed: Fields;
  /** Under which it may be recorded and published: by the webhook, or by the list. */
  readonly ids: readonly string[];
  /** When it happened, by the webhook and by the list. */
  readonly times: readonly number[];
}

/** In what an application is unlike others. */
interface Traits {
  /** For people. */
  readonly name: string;
  readonly isShadow: boolean;
  /** Our account's API does not know it, and says so. */
  readonly isUnknownToUs: boolean;
  /** The API errs whenever it is asked for it. */
  readonly isFailing: boolean;
  /** From when on nothing can be done with its item, epoch milliseconds; infinite: it is sound. */
  readonly damagedAt: number;
  /** Its webhooks, and its submission, are of another environment than the stage. */
  readonly isForeign: boolean;
}

/** An application as Alloy holds it, from its beginning to the end of the world. */
export interface TrueApplication extends Traits {
  readonly token: string;
  readonly journeyToken: string;
  readonly createdAt: number;
  /** Alloy says so on one side only: until that side has been heard, nobody can know. */
  readonly isShadowBySide: "webhooks" | "answers" | null;
  /** When it is adopted, epoch milliseconds: until then nobody here has heard of it; infinite: it is not. */
  adoptedAt: number;
  /** When a person has it forgotten, epoch milliseconds; infinite: nobody does. */
  forgottenAt: number;
  readonly events: TrueEvent[];
  /** What Get answered from then on, oldest first. */
  readonly versions: Version[];
  /** The token of the application that it is a rerun of. */
  readonly rerunOf: string | null;
  /** How the onboarding service announces it; null: it does not. */
  readonly submission: Fields | null;
}

export interface Playing extends Traits {
  readonly seed: number;
  readonly knobs: Knobs;
  readonly random: Random;
  readonly tokens: Tokens;
  readonly sendsEventToken: boolean;
  /** How the onboarding service announces it: by Alloy's whole answer to Create, by its own few fields. */
  readonly announced: "whole" | "brief" | null;
}

/** Lets the steps happen, and keeps what Alloy would say after each. */
export function playOut(
  application: JourneyApplication,
  steps: readonly Step[],
  playing: Playing,
): TrueApplication {
  const { seed, knobs, random, tokens, name, isShadow } = playing;
  const { isUnknownToUs, isFailing, damagedAt, isForeign } = playing;
  const side = randomFor(seed, "shadow-once side").pick(["webhooks", "answers"]);
  const isShadowBySide = isShadow && knobs.has("shadow-once") ? side : null;
  const versions: Version[] = [];
  const keep = (at: number) => {
    const flag = isShadow && isShadowBySide !== "webhooks";
    const response = { ...applicationResponse(application), is_shadow_app: flag };
    versions.push(versionOf(at, response, application));
  };
  keep(application.createdAt);
  let now = application.createdAt;
  const happened: { readonly step: Step; readonly token: string; readonly views: Views }[] = [];
  for (const [order, step] of steps.entries()) {
    now += step.gapMs;
    const { rerunToken } = step.occurrence;
    if (rerunToken !== undefined) {
      application.reruns.push({ initiatedBy: "dashboard", nextToken: rerunToken, createdAt: now });
    }
    const { status, outcome, closedAt } = application;
    const { token, body } = appendEvent(application, step.occurrence, tokens, now);
    if (step.isIgnoredByAlloy) Object.assign(application, { status, outcome, closedAt });
    if (step.atAlloy !== undefined) application.outcome = step.atAlloy.outcome;
    const next = steps[order + 1]?.gapMs ?? Number.POSITIVE_INFINITY;
    happened.push({ step, token, views: viewsOf(body, random, Math.min(step.gapMs, next)) });
    keep(Math.max(body.timestamp, now));
  }
  const all = happened.map(({ views }) => views);
  differ(all, { seed, knobs, name });
  const played: TrueApplication = {
    token: application.token,
    name,
    journeyToken: application.journey.token,
    createdAt: application.createdAt,
    isShadow,
    isShadowBySide,
    isUnknownToUs,
    isFailing,
    damagedAt,
    adoptedAt: Number.POSITIVE_INFINITY,
    forgottenAt: Number.POSITIVE_INFINITY,
    isForeign,
    events: [],
    versions: [
      ...oddVersions(decidedVersions(versions, { seed, knobs, name }), { seed, knobs, name }),
    ],
    rerunOf: application.rerun?.previousToken ?? null,
    submission: submissionOf(application, playing),
  };
  // Webhooks that name whole seconds leave two events in one, and their order to Alloy.
  const isInOrder = all.every(({ told, body }, order) => {
    const before = all[order - 1];
    if (before === undefined || told.timestamp > before.told.timestamp) return true;
    return told.timestamp === before.told.timestamp && body.timestamp === before.body.timestamp;
  });
  played.events.push(
    ...happened.map(({ step, token, views: { body, told, listed, writtenAt } }, order) => {
      const { type, timestamp: at } = body;
      const isTokenHidden = knobs.has("event-token-once");
      const webhook = {
        ...((playing.sendsEventToken || isTokenHidden) && {
          journey_application_event_token: token,
        }),
        ...told,
        ...(writtenAt !== null && { timestamp: writtenAt }),
        ...(isShadow && isShadowBySide !== "answers" && { is_shadow_app: true }),
      };
      const isHalfNamed = body["outcome"] !== undefined && isUnnamed({ told, listed });
      return {
        name: `${name}.${order + 1}-${type}`,
        application: played,
        order,
        type,
        at,
        route: step.route,
        isAlwaysNews: step.isAlwaysNews,
        isAlloysAlone:
          step.atAlloy !== undefined || isHalfNamed || step.isAlloysAlone === true || !isInOrder,
        mayBeSilent: step.mayBeSilent === true || type === "error",
        family: familyOf(playing),
        told: webhook,
        json: { first: null, reread: null, listed: null },
        listed: { ...(!isTokenHidden && { journey_application_event_token: token }), ...listed },
        ids: [...new Set([identityOf(told), identityOf(listed)])],
        times: [told.timestamp, listed.timestamp],
      };
    }),
  );
  return played;
}

const FAMILY = "update:journeyapplications";

/** Of the live environment no spelling is documented; nobody has promised that of the sandbox. */
function familyOf({ seed, knobs, isForeign }: Playing): string | null {
  if (isForeign) return `${FAMILY}:live`;
  if (!knobs.has("odd-family")) return `${FAMILY}:sandbox`;
  return randomFor(seed, "odd-family").pick([
    "update:journey_applications:sandbox",
    "update:journeyApplications:sandbox",
    "create:journeyapplications:sandbox",
    "update:journey_application_events",
    FAMILY,
    "",
    null,
  ]);
}

function submissionOf(application: JourneyApplication, playing: Playing): Fields | null {
  const { announced, seed, knobs, name, isForeign } = playing;
  if (announced === null) return null;
  const { token, journey, createdAt, externalIds, applicants } = application;
  // The bus takes no answer of seventy applicants, as long as their ids may be.
  const submission =
    announced === "whole" && applicants.length < 10
      ? { ...applicationResponse(application), ...(isForeign && { sandbox: false }) }
      : {
          journey_application_token: token,
          journey_token: journey.token,
          created_at: createdAt,
          external_group_id: externalIds.group,
        };
  if (!knobs.has("odd-submission")) return submission;
  const random = randomFor(seed, `odd-submission of ${name}`);
  return {
    ...submission,
    // Alloy's own answer has the Journey's token in there alone.
    ...(announced === "brief" && { _embedded: null }),
    external_application_id: random.pick<unknown>([1_001, null, "", { id: 1 }, true]),
    external_partner_id: random.pick<unknown>([7, "", []]),
    // What the form said, and Alloy does not.
    external_group_id: random.pick<unknown>([externalIds.group, `form-${name}`, 4_711, ""]),
    created_at: random.pick<unknown>([
      String(createdAt),
      Math.floor(createdAt / 1_000),
      new Date(createdAt).toISOString(),
      null,
      "just now",
    ]),
  };
}

export function open(options: {
  readonly journey: Journey;
  readonly random: Random;
  readonly tokens: Tokens;
  readonly now: number;
  readonly name: string;
  readonly applicants: readonly string[];
  readonly rerunOf: JourneyApplication | null;
  readonly seed: number;
  readonly knobs: Knobs;
}): JourneyApplication {
  const { journey, tokens, now, name, applicants, rerunOf } = options;
  const random = randomFor(options.seed, `odd-external-ids of ${name}`);
  const odd = () => (options.knobs.has("odd-external-ids") ? oddExternalId(random) : null);
  return openApplication(
    {
      journey,
      environment: "sandbox",
      externalIds: {
        partner: odd(),
        group: odd() ?? `group-${name}`,
        application: odd() ?? `application-${name}`,
      },
      meta: null,
      applicants: applicants.map((ref) => ({
        ref,
        type: "person",
        name: ref,
        branch: "persons",
        externalId: odd() ?? `${ref}-${name}`,
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

/** As a form, another system or an attacker would fill it in. */
function oddExternalId(random: Random): ExternalId {
  return random.pick<ExternalId>(["", 1_001, "x".repeat(2_500), " ", "Konto 4711 / \u00e4", 0]);
}
