import { QUEUE } from "../../../lambdas/settings/limits.ts";
import { DECISION_ROUTE_ID } from "../../../lambdas/settings/routes.ts";
import type { Version } from "../scenario/answers.ts";
import type { FaultKind } from "../faults/faults.ts";
import {
  FINAL,
  isForAlloyToConfirm,
  isBeyondApi,
  isDamaged,
  isHandled,
  isHeldUp,
  isOutcomeUnsaid,
  isRouteOf,
  REOPENINGS,
  routeOf,
} from "../scenario/expectations.ts";
import { isPublicationDue, isSaidByAnswer } from "./publication-due.ts";
import { judgeApart } from "./apart.ts";
import { judgeDecisions, judgeSecrecy } from "./decisions.ts";
import type { DecisionCounts } from "./decisions.ts";
import { judgeIds } from "./ids.ts";
import { judgeChain, judgeSequence } from "./lineage.ts";
import { judgeReadable } from "./readable.ts";
import { judgeInvestigations } from "./investigations.ts";
import { judgeAsking, judgeEnds } from "./whole.ts";
import type { Observer, Publication, Violation } from "../world/observer.ts";
import type { TrueApplication, TrueEvent } from "../scenario/application.ts";
import { isLeftBehind } from "../scenario/released-fates.ts";
import { isDelivered } from "./seen.ts";
import type { Seen } from "./seen.ts";
import type { Scenario } from "../scenario/scenario-type.ts";

/** Judges a world that has come to rest. */
export function judge(seen: Seen): {
  readonly violations: readonly Violation[];
  readonly republished: number;
  readonly decisions: DecisionCounts;
} {
  const { scenario, cloud, observer } = seen;
  const hasForeign = scenario.applications.some(({ isForeign }) => isForeign);
  const recorded = hasForeign
    ? [...cloud.applications.events.values()].map(({ body }) => textOf(dataIn(body)))
    : [];
  const republished = scenario.events.reduce(
    (sum, event) => sum + judgeEvent(event, seen, recorded),
    0,
  );
  let decisions: DecisionCounts = { answered: 0, published: 0 };
  for (const application of scenario.applications) {
    judgeApplication(application, seen);
    judgeApart(application, seen);
    judgeEnds(application, seen);
    judgeAsking(application, seen);
    judgeIds(application, seen);
    judgeSequence(application, seen);
    judgeChain(application, seen);
    const { answered, published } = judgeDecisions(application, seen);
    decisions = {
      answered: decisions.answered + answered,
      published: decisions.published + published,
    };
  }
  for (const [id, publications] of Map.groupBy(observer.decisions, idOf)) {
    judgeTimes(id, publications, observer);
  }
  judgeSecrecy(seen);
  judgeInvestigations(seen, judgeTimes);
  judgePosts(seen);
  judgeStrangers(seen);
  judgeRest(seen);
  judgeDeadRoute(seen);
  judgeReadable(seen);
  if (seen.isFaultFree) {
    judgeHealth(seen);
    judgeWaiting(seen);
  }
  return { violations: observer.violations, republished, decisions };
}

/**
 * Recorded once, published under one id, once.
 *
 * @param recorded - what all records say; empty where nobody asks.
 * @returns how often again, behind a fault.
 */
function judgeEvent(event: TrueEvent, seen: Seen, recorded: readonly string[]): number {
  const { scenario, cloud, observer } = seen;
  const { name, ids, application } = event;
  const records = ids.filter((id) => cloud.applications.events.has(id));
  const published = ids.filter((id) => observer.publicationsOf.has(id));
  if (!isHandled(scenario, application.journeyToken, event.type)) {
    if (records.length + published.length > 0) {
      observer.violate("stuck", `${name} is to be ignored, and was not`);
    }
    return 0;
  }
  if (application.isForeign) {
    judgeForeign(event, seen, recorded);
    return 0;
  }
  if (records.length === 0 && hasComeIn(event, seen)) {
    observer.violate("lost", `${name} is not recorded`);
  }
  // The two reports of an event find each other by what is joined: nothing can be joined here.
  // The second record goes when the event has had its effect: by a dead route it never has.
  const hasEffect = !isDamaged(application) && routeOf(event, scenario) !== scenario.deadRoute;
  if (records.length > 1 && hasEffect)
    observer.violate("doubled", `${name} is recorded under two ids`);
  if (published.length > 1) observer.violate("doubled", `${name} is published under two ids`);
  const isMissed = records.length > 0 && published.length === 0 && isPublicationDue(event, seen);
  if (isMissed && !isSaidByAnswer(event, seen)) {
    observer.violate("lost", `${name} is recorded, and not published`);
  }
  const publications = observer.publicationsOfEvent(event);
  if (publications.some((one) => isOfKnownShadow(application, one, observer))) {
    observer.violate("doubled", `${name} is published, and its application is a shadow one`);
  }
  for (const { event: said } of publications) {
    if (isRouteOf(event, said.route, scenario)) continue;
    const route = routeOf(event, scenario);
    observer.violate("lost", `${name} is published as ${said.route}, and is ${route}`);
  }
  return judgeTimes(name, publications, observer);
}

/** Of another environment than the stage: kept, under whichever id, and not published. */
function judgeForeign(event: TrueEvent, seen: Seen, recorded: readonly string[]): void {
  const { observer } = seen;
  const { name } = event;
  if (observer.hasPublished(event)) {
    observer.violate("doubled", `${name} is published, and is of another environment`);
  }
  if (!isDelivered(name, seen)) return;
  const content = textOf(event.told);
  const records = recorded.filter((one) => one === content);
  if (records.length === 0) observer.violate("lost", `${name} is not recorded`);
  if (records.length > 1) observer.violate("doubled", `${name} is recorded under two ids`);
}

/** Whether it must be here: what our API does not know comes by its webhook, or not at all. */
function hasComeIn({ name, application }: TrueEvent, seen: Seen): boolean {
  if (isDamaged(application) || !seen.heard.has(application.token)) return false;
  return !isBeyondApi(application, seen.scenario) || isDelivered(name, seen);
}

/** Whether the table said so by then, or the event itself: where Alloy says so on one side only, the other one cannot know. */
function isOfKnownShadow(
  { isShadow, isShadowBySide, token }: TrueApplication,
  { event, invocation }: Publication,
  { shadows }: Observer,
): boolean {
  if (!isShadow) return false;
  const isSaid =
    isShadowBySide === "webhooks" ? event.origin === "webhook" : isShadowBySide === null;
  const knownAt = shadows.get(token) ?? Number.POSITIVE_INFINITY;
  return isSaid || (invocation?.startedAt ?? 0) > knownAt;
}

/** More than once only where a fault fell between publishing and remembering. */
function judgeTimes(
  name: string,
  publications: readonly Publication[],
  observer: Observer,
): number {
  const unexplained = publications.filter((one, index) => {
    const isAgain = publications.slice(0, index).some((other) => isSentTwice(other, one));
    return !isAgain && !isCutOff(one);
  });
  if (unexplained.length > 1) {
    const invocations = unexplained.map(({ invocation }) => invocation?.id).join(", ");
    observer.violate("doubled", `${name} is published by each of ${invocations}`);
  }
  return Math.max(0, publications.length - 1);
}

function idOf({ event }: Publication): string {
  return event.eventId;
}

/** Whether it is one call that the client sent twice, or one that we sent again since its answer named nothing. */
function isSentTwice(one: Publication, other: Publication): boolean {
  const { invocation } = one;
  if (invocation === null || other.invocation !== invocation) return false;
  return invocation.faults.some(
    ({ kind, site }) =>
      (kind === "applied-twice" && site === PUBLISH) ||
      kind === "answered-nothing" ||
      kind === "answered-without-entries",
  );
}

const PUBLISH = "bus.publish";

/** Whether something kept its invocation from remembering what it had published. */
function isCutOff({ event, invocation, at, rememberedAt }: Publication): boolean {
  if (invocation === null) return false;
  // A removal that a client sent twice, or too late, took its lock: somebody else could take over.
  if (invocation.lostLocks.has(event.eventId)) return true;
  // Lambda should have killed it: somebody else had taken over.
  if (at > invocation.deadline || (rememberedAt ?? at) > invocation.deadline) return true;
  // Its one call failed, or so it seemed. Of an end that Alloy's answer confirms, the end's own message may be
  // remembered beside it.
  if (invocation.faults.some(({ site }) => site === PUBLISH)) return true;
  if (rememberedAt !== null) return false;
  // An outage is no fault of one call, and keeps it from remembering as well.
  const lastRefusedAt = invocation.refusedAt ?? Number.NEGATIVE_INFINITY;
  return (
    invocation.isCutShort ||
    lastRefusedAt >= at ||
    invocation.faults.some((fault) => fault.at >= at)
  );
}

function judgeApplication(application: TrueApplication, seen: Seen): void {
  const { scenario, cloud, observer } = seen;
  const { token, journeyToken, events, isForeign } = application;
  if (isForeign && cloud.applications.applications.has(token)) {
    observer.violate("doubled", `${token} is of another environment, and its webhooks are missed`);
  }
  if (!isHandled(scenario, journeyToken) || (isDamaged(application) && !isAdopted(application)))
    return;
  if (!seen.heard.has(token)) return;
  const truth = application.versions.at(-1);
  const standings = observer.standings.get(token) ?? [];
  const last = standings.at(-1);
  const isKnown = events.some(({ type }) => isHandled(scenario, journeyToken, type));
  if (truth === undefined || (!isKnown && last === undefined)) return;
  judgeOrder(application, seen);
  const isSaidShadow = (observer.answers.get(token) ?? []).some(
    ({ version }) => version.response["is_shadow_app"] === true,
  );
  if (isSaidShadow && !observer.shadows.has(token)) {
    observer.violate("lost", `${token} is a shadow application, and only Alloy knows`);
  }
  judgeLeftOpen(application, seen);
  if (!isKnowable(application, scenario)) return;
  const { status = null, outcome = null } = last ?? {};
  const wanted = outcomeIn(truth);
  const isNamed = events.some(({ told, listed }) =>
    [told, listed].some((view) => outcome !== null && view["outcome"] === outcome),
  );
  const isSame = wordOf(outcome) === wordOf(wanted) || (isOutcomeUnsaid(application) && isNamed);
  if (status !== truth.status || !isSame) {
    observer.violate(
      "lost",
      `${token} stands as ${status} ${outcome}, and at Alloy as ${truth.status} ${wanted}`,
    );
  }
  const kept = cloud.applications.applications.get(token);
  if (kept === undefined) return;
  if (kept.gap !== null && !isHeldUp(application, scenario))
    observer.violate("stuck", `${token} is still in gap: ${kept.gap.evidence}`);
}

/** In the end it stands as any other does. */
function isAdopted({ adoptedAt, forgottenAt, damagedAt }: TrueApplication): boolean {
  const isLeftAlone = Math.min(forgottenAt, damagedAt) === Number.POSITIVE_INFINITY;
  return isLeftAlone && adoptedAt < Number.POSITIVE_INFINITY;
}

/** An end about which no answer said anything, in a status that nobody knows, is asked about for good: its alarm rings. */
function judgeLeftOpen(application: TrueApplication, { scenario, cloud, observer }: Seen): void {
  const { token, events, versions } = application;
  const unknownAt = versions.find(({ isUnknown }) => isUnknown)?.at ?? Number.POSITIVE_INFINITY;
  // The release before took a reopening at its own word: the ends before that were over.
  const isOver = ({ order }: TrueEvent) =>
    events.some(
      (one) => one.order > order && REOPENINGS.includes(one.type) && upgradeTold(one, scenario),
    );
  const leftOpen = events.find(
    (event) =>
      event.at >= unknownAt &&
      !isOver(event) &&
      event.ids.some((id) => cloud.applications.events.get(id)?.isWithheld) &&
      !observer.hasPublished(event),
  );
  if (leftOpen === undefined || isBeyondApi(application, scenario)) return;
  if (cloud.applications.applications.get(token)?.dueAt !== null) return;
  observer.violate("stuck", `${leftOpen.name} is withheld, and nobody asks about it any more`);
}

/** Whether Alloy's last answer says how it stands, or all of its events do. */
function isKnowable(application: TrueApplication, scenario: Scenario): boolean {
  if (isBeyondApi(application, scenario)) return false;
  return application.versions.at(-1)?.isUnknown !== true || !needsAlloysWord(application, scenario);
}

/** Faults that bring an event a second time. */
const SECOND: ReadonlySet<FaultKind> = new Set<FaultKind>([
  "delivered-twice",
  "delete-failed",
  "copied",
  "replayed",
  "answer-lost",
  "applied-twice",
]);

/** A final status goes back only where Alloy's own did. */
function judgeOrder({ token, versions }: TrueApplication, { observer }: Seen): void {
  const reopened = versions.some(
    ({ status }, index) =>
      !FINAL.includes(status) && FINAL.includes(versions[index - 1]?.status ?? null),
  );
  if (reopened) return;
  const standings = observer.standings.get(token) ?? [];
  const end = standings.findIndex(({ status }) => FINAL.includes(status));
  if (end === -1) return;
  const back = standings.slice(end).find(({ status }) => !FINAL.includes(status));
  if (back !== undefined) {
    observer.violate("regressed", `${token} was ${standings[end]?.status}, and is ${back.status}`);
  }
  const final = standings[end];
  for (const { event, invocation } of observer.publicationsAbout(token)) {
    if (FINAL.includes(event.status)) continue;
    if (invocation !== null && final !== undefined && invocation.startedAt > final.at) {
      observer.violate("regressed", `${event.eventId} says ${event.status} after the end`);
    }
  }
}

/** What is no event of an application: recorded and published once, or dead-lettered with its reason. */
function judgePosts(seen: Seen): void {
  const { scenario, cloud, observer } = seen;
  const records = [...cloud.applications.events.values()].filter(
    ({ applicationToken }) => applicationToken === null,
  );
  const dead = cloud.deadLetters.messages();
  for (const { name, becomes, content, text } of scenario.posts) {
    if (!isDelivered(name, seen)) continue;
    if (becomes === "dead-letter") {
      const own = dead.filter(({ body }) => bodyIn(body) === text);
      const isExplained = own.some(({ attributes }) => attributes[QUEUE.reasonAttribute]);
      if (own.length === 0) observer.violate("lost", `${name} is in no dead-letter queue`);
      else if (!isExplained) observer.violate("stuck", `${name} is dead-lettered without a reason`);
      continue;
    }
    const [record, ...others] = records.filter(
      (one) => textOf(dataIn(one.body)) === textOf(content),
    );
    if (record === undefined) {
      observer.violate("lost", `${name} is not recorded`);
      continue;
    }
    if (others.length > 0) observer.violate("doubled", `${name} is recorded more than once`);
    const publications = observer.publicationsOf.get(record.eventId) ?? [];
    if (publications.length === 0 && scenario.settings.routes[becomes].publish) {
      observer.violate("lost", `${name} is recorded, and not published`);
    }
    judgeTimes(name, publications, observer);
  }
}

/** Nothing is recorded or published that Alloy does not have. */
function judgeStrangers({ scenario, cloud, observer }: Seen): void {
  for (const [id, { applicationToken, type, route }] of cloud.applications.events) {
    if (applicationToken === null || scenario.eventOf(id) !== null) continue;
    // What is published of a decision is judged by itself.
    if (route === DECISION_ROUTE_ID && scenario.settings.decides) continue;
    observer.violate("doubled", `${id} (${type}) is recorded, and Alloy has no such event`);
  }
  for (const [id, [publication]] of observer.publicationsOf) {
    if (publication === undefined || scenario.eventOf(id) !== null) continue;
    const { applicationToken, eventType, status, outcome, route } = publication.event;
    if (applicationToken === null || route === DECISION_ROUTE_ID) continue;
    if (eventType !== "snapshot") {
      observer.violate("doubled", `${id} (${eventType}) is published, and is no event of Alloy's`);
      continue;
    }
    const application = scenario.applications.find(({ token }) => token === applicationToken);
    const isTrue = application?.versions.some(
      (version) => version.status === status && wordOf(outcomeIn(version)) === wordOf(outcome),
    );
    if (isTrue !== true) {
      observer.violate("doubled", `a correction says ${status} ${outcome}, and Alloy never did`);
    }
  }
}

/** Without any fault nothing is in gap, and nothing needs Alloy's own word that its events have told. */
function judgeHealth({ scenario, cloud, observer }: Seen): void {
  for (const { applicationToken, evidence } of cloud.bus.notices) {
    const application = scenario.applicationOf(applicationToken);
    if (application !== null && isDamaged(application)) continue;
    if (application !== null && isLeftBehind(application, scenario)) continue;
    if (application !== null && isHeldUp(application, scenario)) continue;
    observer.violate(
      "stuck",
      `${applicationToken} was in gap, and nothing went wrong: ${evidence}`,
    );
  }
  for (const { event } of observer.publications) {
    if (event.eventType !== "snapshot") continue;
    const application = scenario.applications.find(({ token }) => token === event.applicationToken);
    if (application === undefined || needsAlloysWord(application, scenario)) continue;
    observer.violate("doubled", `a correction says ${event.status}, and the events have told it`);
  }
}

/** Two periods of the poller, and the time that a run takes. */
const LONGEST_WAIT_MS = 11 * 60_000;

/** Whatever is wrong with others, an application is checked within two periods of the poller. */
function judgeWaiting({ scenario, observer }: Seen): void {
  // Then no application can be checked, and one after the other is tried.
  const { refusal, revokedAt } = scenario.api;
  if (refusal !== null || revokedAt < Number.POSITIVE_INFINITY) return;
  for (const application of scenario.applications) {
    const waitedMs = observer.waits.get(application.token) ?? 0;
    if (waitedMs <= LONGEST_WAIT_MS || application.isFailing || isDamaged(application)) continue;
    const minutes = Math.round(waitedMs / 60_000);
    observer.violate("stuck", `${application.token} waited ${minutes} minutes for its check`);
  }
}

/** Whether configuration drops some of its events, or one of them leaves out what Alloy knows. */
function needsAlloysWord(application: TrueApplication, scenario: Scenario): boolean {
  const { events, journeyToken, versions } = application;
  if (versions.some(({ isUnsaid }) => isUnsaid)) return true;
  return events.some(
    (event) =>
      event.isAlloysAlone ||
      isForAlloyToConfirm(event) ||
      event.type === "journey_application_retriggered" ||
      !isHandled(scenario, journeyToken, event.type),
  );
}

/** What the bus never took rests in the dead-letter queue. */
function judgeDeadRoute(seen: Seen): void {
  const { scenario, cloud, observer, heard } = seen;
  if (scenario.deadRoute === null) return;
  const alive = { scenario: { ...scenario, deadRoute: null }, observer };
  const contents = cloud.deadLetters.messages().map(({ body }) => largeBodyOf(body, seen) ?? body);
  for (const event of scenario.events) {
    if (routeOf(event, scenario) !== scenario.deadRoute || !isPublicationDue(event, alive))
      continue;
    const { token, journeyToken, versions } = event.application;
    // A step is late by its second try, and an end may be Alloy's no more.
    const isCertain = event.isAlwaysNews && !versions.some(({ isUnsaid }) => isUnsaid);
    if (!isCertain || !isHandled(scenario, journeyToken, event.type) || !heard.has(token)) continue;
    const isKept = contents.some((text) => text.includes(token) && text.includes(event.type));
    if (isKept || upgradeTold(event, scenario)) continue;
    observer.violate("lost", `${event.name} is not told, and in no dead-letter queue`);
  }
}

function upgradeTold(event: TrueEvent, { upgrade }: Scenario): boolean {
  const kind = upgrade?.fates.get(event)?.kind;
  return kind === "told" || kind === "healed";
}

/** Nothing is left over. */
function judgeRest(seen: Seen): void {
  const { scenario, cloud, observer, faults } = seen;
  const { events, deadLetters, applications } = cloud;
  const unreadable = scenario.posts.filter(({ becomes }) => becomes === "dead-letter");
  const damaged = scenario.applications
    .filter(
      (application) =>
        application.damagedAt < Number.POSITIVE_INFINITY || isHeldUp(application, scenario),
    )
    .map(({ token }) => token);
  const isDamagedOnes = ({ body }: { readonly body: string }) => {
    const content = largeBodyOf(body, seen) ?? body;
    return damaged.some((token) => content.includes(token));
  };
  // What a dead route does not take is tried again for as long as the route is dead.
  const left = events.messages().filter((message) => !isDamagedOnes(message)).length;
  if (left > 0) observer.violate("stuck", `${left} messages are still in the queue`);
  for (const message of deadLetters.messages()) {
    const { body } = message;
    if (isDamagedOnes(message)) continue;
    if (unreadable.some(({ text }) => text === bodyIn(body))) continue;
    observer.violate(
      "stuck",
      `a message that can be read stays dead-lettered: ${body.slice(0, 80)}`,
    );
  }
  // Evidence is removed when its event has had its effect; that this can fail too, or come before another
  // copy's failure, is the code's own choice.
  const isAllowed = faults.some(
    ({ kind, site }) => kind.startsWith("crash") || site.endsWith("Failure") || SECOND.has(kind),
  );
  if (isAllowed) return;
  for (const failure of applications.failures.values()) {
    if (damaged.includes(failure.applicationToken)) continue;
    observer.violate("stuck", `there is still evidence against ${failure.eventId}`);
  }
}

/** The body that a message names by its key alone; null: it has it. */
function largeBodyOf(message: string, { cloud }: Seen): string | null {
  const { payloadKey = null }: { readonly payloadKey?: string | null } = JSON.parse(message);
  const bytes = payloadKey === null ? undefined : cloud.payloads.payloads.get(payloadKey);
  return bytes === undefined ? null : new TextDecoder().decode(bytes);
}

function bodyIn(message: string): string | null {
  const envelope: { readonly body?: string | null } = JSON.parse(message);
  return envelope.body ?? null;
}

/** Alloy has an outcome only on a completed application (its page "Statuses and outcomes"). */
function outcomeIn({ status, outcome }: Version): string | null {
  return status === "completed" ? outcome : null;
}

function wordOf(outcome: string | null): string | null {
  return outcome?.toLowerCase() ?? null;
}

/** With keys in alphabetical order. */
/** What a recorded body says, whatever each attempt of Alloy's stamped anew around it. */
function dataIn(body: Uint8Array): unknown {
  const json: unknown = JSON.parse(new TextDecoder().decode(body));
  return typeof json === "object" && json !== null && "data" in json ? json.data : json;
}

function textOf(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([one], [other]) => (one < other ? -1 : 1)))
      : inner,
  );
}
