import { QUEUE } from "../../lambdas/settings.ts";
import type { Deliveries } from "../../tools/alloy-simulator/deliveries.ts";
import type { MemoryCloud } from "../../tools/memory/cloud.ts";
import type { Fault } from "./faults.ts";
import { isHandled, isPublicationDue } from "./expectations.ts";
import type { Observer, Publication, Violation } from "./observer.ts";
import type { TrueApplication, TrueEvent } from "./plot-application.ts";
import type { Plot } from "./plot.ts";

interface Seen {
  readonly plot: Plot;
  readonly cloud: MemoryCloud;
  readonly observer: Observer;
  readonly deliveries: Deliveries;
  readonly faults: readonly Fault[];
}

/** Judges a world that has come to rest. */
export function judge(seen: Seen): {
  readonly violations: readonly Violation[];
  readonly republished: number;
} {
  const { plot, observer } = seen;
  const republished = plot.events.reduce((sum, event) => sum + judgeEvent(event, seen), 0);
  for (const application of plot.applications) judgeApplication(application, seen);
  judgePosts(seen);
  judgeStrangers(seen);
  judgeRest(seen);
  return { violations: observer.violations, republished };
}

/** Recorded once, published under one id, once; @returns how often again, behind a fault. */
function judgeEvent(event: TrueEvent, seen: Seen): number {
  const { plot, cloud, observer } = seen;
  const { name, ids, application, route } = event;
  const records = ids.filter((id) => cloud.applications.events.has(id));
  const published = ids.filter((id) => observer.publicationsOf.has(id));
  if (!isHandled(plot, application.journeyToken, event.type)) {
    if (records.length + published.length > 0) {
      observer.violate("stuck", `${name} is to be ignored, and was not`);
    }
    return 0;
  }
  if (records.length === 0) observer.violate("lost", `${name} is not recorded`);
  if (records.length > 1) observer.violate("doubled", `${name} is recorded under two ids`);
  if (published.length > 1) observer.violate("doubled", `${name} is published under two ids`);
  if (published.length === 0 && isPublicationDue(event, seen)) {
    observer.violate("lost", `${name} is recorded, and not published`);
  }
  if (published.length > 0 && application.isShadow) {
    observer.violate("doubled", `${name} is published, and its application is a shadow one`);
  }
  const publications = published.flatMap((id) => observer.publicationsOf.get(id) ?? []);
  for (const { event: said } of publications) {
    if (said.route === route) continue;
    observer.violate("lost", `${name} is published as ${said.route}, and is ${route}`);
  }
  return judgeTimes(name, publications, observer);
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

/** Whether it is one call, which the client sent twice. */
function isSentTwice(one: Publication, other: Publication): boolean {
  const { invocation } = one;
  if (invocation === null || other.invocation !== invocation) return false;
  return invocation.faults.some(({ kind, site }) => kind === "applied-twice" && site === PUBLISH);
}

const PUBLISH = "bus.publish";

/** Whether something kept its invocation from remembering what it had published. */
function isCutOff({ invocation, at, rememberedAt }: Publication): boolean {
  if (invocation === null) return false;
  // Lambda should have killed it: somebody else had taken over.
  if (at > invocation.deadline || (rememberedAt ?? at) > invocation.deadline) return true;
  if (rememberedAt !== null) return false;
  return (
    invocation.isCutShort ||
    invocation.faults.some((fault) => fault.at >= at || fault.site === PUBLISH)
  );
}

function judgeApplication(application: TrueApplication, seen: Seen): void {
  const { plot, cloud, observer } = seen;
  const { token, journeyToken, events } = application;
  if (!isHandled(plot, journeyToken)) return;
  const truth = application.versions.at(-1);
  const standings = observer.standings.get(token) ?? [];
  const last = standings.at(-1);
  const isKnown = events.some(({ type }) => isHandled(plot, journeyToken, type));
  if (truth === undefined || (!isKnown && last === undefined)) return;
  const { status = null, outcome = null } = last ?? {};
  // Alloy has an outcome only on a completed application (its page "Statuses and outcomes").
  const wanted = truth.status === "completed" ? truth.outcome : null;
  if (status !== truth.status || wordOf(outcome) !== wordOf(wanted)) {
    observer.violate(
      "lost",
      `${token} stands as ${status} ${outcome}, and at Alloy as ${truth.status} ${wanted}`,
    );
  }
  judgeOrder(application, seen);
  const kept = cloud.applications.applications.get(token);
  if (kept === undefined) return;
  if (kept.gap !== null)
    observer.violate("stuck", `${token} is still in gap: ${kept.gap.evidence}`);
}

const FINAL = ["completed", "error", "expired"];

/** A final status goes back only where Alloy's own did. */
function judgeOrder({ token, versions }: TrueApplication, { observer }: Seen): void {
  const reopened = versions.some(
    ({ status }, index) =>
      !FINAL.includes(status) && FINAL.includes(versions[index - 1]?.status ?? ""),
  );
  if (reopened) return;
  const standings = observer.standings.get(token) ?? [];
  const end = standings.findIndex(({ status }) => FINAL.includes(status ?? ""));
  if (end === -1) return;
  const back = standings.slice(end).find(({ status }) => !FINAL.includes(status ?? ""));
  if (back !== undefined) {
    observer.violate("regressed", `${token} was ${standings[end]?.status}, and is ${back.status}`);
  }
  const final = standings[end];
  for (const { event, invocation } of observer.publications) {
    if (event.applicationToken !== token || FINAL.includes(event.status ?? "")) continue;
    if (invocation !== null && final !== undefined && invocation.startedAt > final.at) {
      observer.violate("regressed", `${event.eventId} says ${event.status} after the end`);
    }
  }
}

function judgePosts({ plot, cloud, observer }: Seen): void {
  const records = [...cloud.applications.events.values()].filter(
    ({ applicationToken }) => applicationToken === null,
  );
  for (const { name, becomes, content, at, write } of plot.posts) {
    if (becomes === "dead-letter") {
      const text = write({
        environment: "sandbox",
        requestToken: "",
        sentAt: at,
        event: undefined,
        reread: false,
      });
      const dead = cloud.deadLetters.messages().filter(({ body }) => bodyIn(body) === text);
      if (dead.length === 0 && wasQueued(name, plot)) {
        observer.violate("lost", `${name} is in no dead-letter queue`);
      }
      continue;
    }
    const same = records.filter((record) => textOf(record.content) === textOf(content));
    if (same.length > 1) observer.violate("doubled", `${name} is recorded ${same.length} times`);
  }
}

function judgeStrangers({ plot, cloud, observer }: Seen): void {
  for (const [id, { applicationToken, type }] of cloud.applications.events) {
    if (applicationToken === null || plot.eventOf(id) !== null) continue;
    observer.violate("doubled", `${id} (${type}) is recorded, and Alloy has no such event`);
  }
}

function judgeRest({ cloud, observer, faults }: Seen): void {
  const { events, deadLetters, applications } = cloud;
  const left = events.messages().length;
  if (left > 0) observer.violate("stuck", `${left} messages are still in the queue`);
  for (const { attributes, receives } of deadLetters.messages()) {
    if (attributes[QUEUE.reasonAttribute] || receives >= QUEUE.maxReceives) continue;
    observer.violate("stuck", "a message is dead-lettered without a reason");
  }
  // Evidence is removed when its event has had its effect; that this can fail too is the code's own choice.
  if (faults.some(({ kind, site }) => kind.startsWith("crash") || site.endsWith("Failure"))) return;
  for (const failure of applications.failures.values()) {
    observer.violate("stuck", `there is still evidence against ${failure.eventId}`);
  }
}

function wasQueued(_name: string, _plot: Plot): boolean {
  return false;
}

function bodyIn(message: string): string | null {
  const envelope: { readonly body?: string | null } = JSON.parse(message);
  return envelope.body ?? null;
}

function wordOf(outcome: string | null): string | null {
  return outcome?.toLowerCase() ?? null;
}

/** With keys in alphabetical order. */
function textOf(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([one], [other]) => (one < other ? -1 : 1)))
      : inner,
  );
}
