import {
  applicationStateOf,
  releasedMarksOf,
} from "../../../lambdas/adapters/dynamo/application-item.ts";
import type { ApplicationState } from "../../../lambdas/domain/application/application-state.ts";
import { NEVER_CHECKED } from "../../../lambdas/domain/polling/polling-ports.ts";
import type { JourneyEvent } from "../../../lambdas/domain/event/journey-event.ts";
import { IDEMPOTENCY } from "../../../lambdas/settings/limits.ts";
import {
  attributesOf,
  encodeEnvelope,
  mergeState,
  parseSubmission,
  parseWebhook,
  stateOfEvent,
  stateOfHealedEvent,
  stateOfRerun,
  stateOfSubmission,
} from "../../fixtures/stored/0.1.0.writer.mjs";
import type { ReleasedState } from "../../fixtures/stored/0.1.0.writer.mjs";
import { isHandled, publicationOf, routeOf } from "../scenario/expectations.ts";
import { randomFor } from "../scenario/knobs.ts";
import type { TrueApplication, TrueEvent } from "../scenario/application.ts";
import type { Fate, Upgrade } from "../scenario/scenario-type.ts";
import { LARGE } from "../scenario/released-fates.ts";
import { identityOf } from "../scenario/views.ts";
import type { World } from "./world.ts";
import { HOUR } from "../../../tools/cloud-in-memory/clock.ts";

const ALIAS_MS = 2_000;

/**
 * What the release 0.1.0 had stored, told and queued, as its own code wrote it (`0.1.0.writer.mjs`): the table, the locks
 * and the queue hold it from now on. Of its items the code as it is makes what it reads of them.
 */
export function leaveBehind(
  { scenario, cloud, observer, story, faultPoints }: World,
  upgrade: Upgrade,
): void {
  const states = new Map<string, ReleasedState>();
  for (const application of scenario.applications) {
    if (application.createdAt < upgrade.at) announce(application);
  }
  for (const [event, fate] of upgrade.fates) leave(event, fate);
  const random = randomFor(scenario.seed, "previous-release checks");
  for (const [token, state] of states) {
    // The table in memory has no attributes: it has what its ports make of them.
    for (const mark of releasedMarksOf(itemOf(state), token)) {
      void cloud.applications.markHealed(token, mark);
    }
    cloud.applications.applications.set(token, {
      state: read(state),
      revision: 1,
      dueAt: upgrade.at + random.between(0, 12 * HOUR),
      hasFailed: false,
      claimedUntil: null,
      settledAt: null,
      memory: { ...NEVER_CHECKED, checkedAt: random.pick([null, upgrade.at - HOUR]) },
      gap: null,
      tally: null,
    });
  }

  function announce({
    submission,
    journeyToken,
    createdAt,
    name,
    isForeign,
  }: TrueApplication): void {
    if (submission === null || isForeign || !isHandled(scenario, journeyToken)) return;
    const parsed = parseSubmission(submission, createdAt);
    if ("submission" in parsed && randomFor(scenario.seed, `released ${name}`).chance(0.7)) {
      merge(stateOfSubmission(parsed.submission));
      return;
    }
    const receivedAt = new Date(createdAt).toISOString();
    const envelope = { v: 1, kind: "submission", receiptId: `released-${name}`, receivedAt };
    cloud.events.send(JSON.stringify({ ...envelope, submission }));
  }

  function leave(event: TrueEvent, { kind }: Fate): void {
    const { name, told } = event;
    story.tell("release", `leaves ${name} ${kind}`);
    switch (kind) {
      case "told":
        return effect(event, told, "webhook");
      case "healed":
        return effect(event, asPolled(event), "poll");
      case "queued":
        return queue(event, "webhook", told);
      case "heal-queued":
        return queue(event, "poll", asPolled(event));
      case "missed":
        return undefined;
    }
  }

  function effect(event: TrueEvent, data: TrueEvent["listed"], origin: "webhook" | "poll"): void {
    const parsed = parseWebhook(JSON.stringify({ type: event.family, data }));
    if (parsed.kind !== "journey-event") throw new Error(`the release cannot read ${event.name}`);
    const { event: own } = parsed;
    const isHealed = origin === "poll";
    const said = isHealed
      ? stateOfHealedEvent(own, lookAlikesOf(event, upgrade))
      : stateOfEvent(own);
    const state = merge(said);
    observer.merged(read(said), state);
    const rerun = stateOfRerun(own);
    if (rerun !== null) merge(rerun);
    const route = routeOf(event, scenario);
    const { at, eventId, applicationToken, type, outcome, entityToken, eventToken } = own;
    const { entityApplicationToken, node } = own;
    const receipt = { receiptId: `released-${event.name}`, origin, receivedAt: at + 500 };
    const identity = { eventId, applicationToken, type, at, route, outcome, entityToken };
    const rest = { entityApplicationToken, nodeId: node.id, eventToken, payloadKey: null };
    const body = new TextEncoder().encode(JSON.stringify(data));
    void cloud.applications.recordEvent({
      ...receipt,
      ...identity,
      ...rest,
      body,
      isWithheld: false,
    });
    const { isShadow, journeyToken } = event.application;
    if (isShadow || !publicationOf(journeyToken, route, scenario).publish) return;
    tell(own, route, origin, state);
  }

  function tell(
    event: JourneyEvent,
    route: ReturnType<typeof routeOf>,
    origin: "webhook" | "poll",
    { progress }: ApplicationState,
  ): void {
    const { eventId, at, type: eventType, externalIds, applicationToken, node } = event;
    const { journeyToken, journeyName, outcome, entityToken, entityApplicationToken } = event;
    const time = new Date(at).toISOString();
    const tokens = { applicationToken, journeyToken, journeyName, entityToken };
    observer.published(
      {
        version: 1,
        eventId,
        route,
        environment: "sandbox",
        ...tokens,
        entityApplicationToken,
        eventType,
        eventAt: time,
        status: progress?.status ?? null,
        outcome,
        node,
        externalIds,
        origin,
        receivedAt: time,
        late: false,
      },
      null,
    );
    cloud.idempotency.records.set(eventId, {
      status: "completed",
      expiresAt: upgrade.at + IDEMPOTENCY.windowMs,
      lockedUntil: null,
    });
  }

  function queue(event: TrueEvent, kind: "webhook" | "poll", data: TrueEvent["listed"]): void {
    const type = kind === "poll" ? "update:journeyapplications:sandbox" : event.family;
    const body = JSON.stringify({ request_token: event.name, type, data });
    const receiptId = `released-${event.name}`;
    const isLarge = body.length > LARGE;
    const payloadKey = isLarge ? `webhooks/2026-11-23/${receiptId}` : null;
    if (payloadKey !== null) void cloud.payloads.put(payloadKey, new TextEncoder().encode(body));
    const siblings = kind === "poll" ? lookAlikesOf(event, upgrade) : [];
    const envelope = { v: 1, kind, receiptId, receivedAt: event.at + 500 };
    const place = { body: isLarge ? null : body, payloadKey, sourceIp: null };
    cloud.events.send(
      encodeEnvelope({ ...envelope, ...place, ...(siblings.length > 0 && { siblings }) }),
    );
  }

  function merge(said: ReleasedState): ApplicationState {
    const known = states.get(said.applicationToken);
    const state = known === undefined ? said : mergeState(known, said);
    states.set(said.applicationToken, state);
    return read(state);
  }

  function read(state: ReleasedState): ApplicationState {
    return applicationStateOf(itemOf(state));
  }

  function itemOf(state: ReleasedState): Readonly<Record<string, unknown>> {
    const item = attributesOf(state);
    return faultPoints.releasedItem?.(item) ?? item;
  }
}

/** As the released poller told of it: with the mark of the whole answer. */
function asPolled({ listed, application }: TrueEvent): TrueEvent["listed"] {
  const isMarked = application.isShadow && application.isShadowBySide !== "webhooks";
  return isMarked ? { ...listed, is_shadow_app: true } : listed;
}

/** What the released poller named beside an event: others like it, by Alloy's id and by that of their record. */
function lookAlikesOf({ application, type, listed, name }: TrueEvent, { fates }: Upgrade) {
  const at = Number(listed["timestamp"]);
  return application.events
    .filter((other) => other.type === type && other.name !== name)
    .filter((other) => Math.abs(Number(other.listed["timestamp"]) - at) <= ALIAS_MS)
    .flatMap((other) => {
      const isRecorded = fates.get(other)?.kind === "told";
      return [identityOf(other.listed), ...(isRecorded ? [identityOf(other.told)] : [])];
    });
}
