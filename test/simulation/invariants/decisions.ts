import { DECISION } from "../../../lambdas/settings/limits.ts";
import { DECISION_ROUTE_ID } from "../../../lambdas/settings/routes.ts";
import type { Version } from "../scenario/answers.ts";
import type { TrueApplication, TrueEvent } from "../scenario/application.ts";
import { DECISION_MARK, UNASKED_MARK } from "../scenario/decisions.ts";
import {
  FINAL,
  isBeyondApi,
  isDamaged,
  isEnd,
  isForAlloyToConfirm,
  isHandled,
  REOPENINGS,
} from "../scenario/expectations.ts";
import type { Publication } from "../world/observer.ts";
import type { Seen } from "./seen.ts";

/** How many decisions Alloy answered, and how many were published, each under its own id. */
export interface DecisionCounts {
  readonly answered: number;
  readonly published: number;
}

/** A decision, as Alloy answers it or as it is published; its fields as texts that can be compared. */
interface Said {
  readonly status: string | null;
  /** In lower case; null: none. */
  readonly outcome: string | null;
  /** Null: not there. */
  readonly reasons: string | null;
  readonly tags: string | null;
  readonly outputs: string | null;
}

const FIELDS = ["reasons", "tags", "outputs"] as const;

/**
 * Judges what was published of an application's decisions (docs/events.md#decisions).
 *
 * 1. Where the stage does not ask for decisions, or the application is none of the stage's: nothing.
 * 2. Each says what Alloy answered at some time, and they come in Alloy's order.
 * 3. Each names the one before it, which was published too, and differs from it, unless a reopening came in between.
 * 4. The last one is Alloy's last.
 */
export function judgeDecisions(application: TrueApplication, seen: Seen): DecisionCounts {
  const { scenario, observer } = seen;
  const { token, journeyToken, isForeign, isShadow, isShadowBySide } = application;
  const own = observer.decisions.filter(({ event }) => event.applicationToken === token);
  const isExpected = scenario.settings.decides && isHandled(scenario, journeyToken) && !isForeign;
  const isSilent = isShadow && isShadowBySide === null;
  if (own.length > 0 && (!isExpected || isSilent)) {
    observer.violate("doubled", `${token} is decided, and the stage publishes no decision of it`);
  }
  if (!isExpected || isShadow) return { answered: 0, published: 0 };
  const chain = chainOf(application, own, seen);
  judgeOrder(application, chain, seen);
  judgeLast(application, chain.at(-1) ?? null, seen);
  const published = new Set(own.map(({ event }) => event.eventId)).size;
  const answered = answeredOf(application, seen);
  if (seen.isFaultFree && isPlain(application) && answered !== published) {
    const kind = answered > published ? "lost" : "doubled";
    observer.violate(kind, `${token}: ${answered} decisions were answered, ${published} published`);
  }
  return { answered, published };
}

/** Whether its answers alone say how many decisions they are. */
function isPlain(application: TrueApplication): boolean {
  const isUnclear = (event: TrueEvent) =>
    event.isAlloysAlone || isForAlloyToConfirm(event) || REOPENINGS.includes(event.type);
  return !isDamaged(application) && !application.events.some(isUnclear);
}

/** What was published, each id once, from the first decision to the last one. */
function chainOf(
  application: TrueApplication,
  own: readonly Publication[],
  { observer }: Seen,
): readonly Publication[] {
  const { token, events } = application;
  const first = new Map<string, Publication>();
  for (const publication of own) {
    const { eventId } = publication.event;
    const known = first.get(eventId);
    if (known === undefined) first.set(eventId, publication);
    else if (textOf(known) !== textOf(publication)) {
      observer.violate("regressed", `${token} has the decision ${eventId} in two versions`);
    }
  }
  const after = new Map<string | null, Publication>();
  for (const [eventId, publication] of first) {
    const { previous = null } = publication.event.decision ?? {};
    if (after.has(previous)) {
      observer.violate("doubled", `${token} has two decisions after ${previous}: ${eventId} too`);
    }
    // A person may have it forgotten in between.
    if (previous !== null && !first.has(previous) && !isDamaged(application)) {
      observer.violate("lost", `${token} has a decision after ${previous}, which nobody was told`);
    }
    after.set(previous, publication);
  }
  const chain: Publication[] = [];
  for (let one = after.get(null); one !== undefined && chain.length < first.size;) {
    chain.push(one);
    one = after.get(one.event.eventId);
  }
  const reopenings = events.filter(({ type }) => REOPENINGS.includes(type)).length;
  const again = chain.filter((one, index) => {
    const before = chain[index - 1];
    return before !== undefined && isSame(saidIn(before), saidIn(one));
  });
  if (again.length > reopenings) {
    observer.violate("doubled", `${token} is decided ${again.length + 1} times alike`);
  }
  return chain;
}

/** What a decision says; two messages of one name two times at which Alloy answered it. */
function textOf({ event: { decision } }: Publication): string {
  return JSON.stringify({ ...decision, answeredAt: null });
}

/** Each decision is one that Alloy answered, none before the one that it follows. */
function judgeOrder(
  { token, versions }: TrueApplication,
  chain: readonly Publication[],
  { observer }: Seen,
): void {
  let from = 0;
  for (const publication of chain) {
    const said = saidIn(publication);
    const index = versions.findIndex(
      (version, place) => place >= from && version.at <= publication.at && isSaidBy(version, said),
    );
    if (index !== -1) {
      from = index;
      continue;
    }
    const isOld = versions.some((version) => isSaidBy(version, said));
    const what = `${token} is decided as ${said.status} ${said.outcome}`;
    if (isOld) observer.violate("regressed", `${what}, which Alloy had taken back`);
    else observer.violate("doubled", `${what}, and Alloy never said so`);
  }
}

function judgeLast(application: TrueApplication, last: Publication | null, seen: Seen): void {
  const { scenario, observer, heard } = seen;
  const { token, versions } = application;
  const version = versions.at(-1);
  if (version === undefined || !isDecision(version)) return;
  if (isBeyondApi(application, scenario) || isDamaged(application) || !heard.has(token)) return;
  const truth = answerOf(version);
  const how = `${truth.status} ${truth.outcome}`;
  if (last === null) observer.violate("lost", `${token} is decided as ${how}, and nobody was told`);
  else if (!isSame(saidIn(last), truth)) {
    observer.violate("lost", `${token} is decided as ${how}, and the last decision is another one`);
  }
}

/**
 * How many decisions Alloy's answers to the poller were. An event may name the outcome that an answer leaves out, and a field
 * that a completed application lacks is waited for.
 */
function answeredOf({ token, events }: TrueApplication, { observer }: Seen): number {
  let count = 0;
  let stood: { said: Said; readonly at: number } | null = null;
  for (const { version, at } of observer.answers.get(token) ?? []) {
    if (!isDecision(version)) continue;
    const said = answerOf(version);
    const isNamed = events.some(({ told, listed }) =>
      [told["outcome"], listed["outcome"]].some(
        (outcome) => typeof outcome === "string" && outcome.toLowerCase() === said.outcome,
      ),
    );
    if (stood?.said.outcome === null && isNamed) {
      stood.said = { ...stood.said, outcome: said.outcome };
    }
    if (stood !== null && isSame(stood.said, said) && !isReopened(stood.at, at)) continue;
    // What no event tells of has ended when its answer says, whose time may stand still.
    const endedAt = version.isUnsaid ? (version.parsed?.snapshot?.at ?? version.at) : version.at;
    const isWaitedFor = said.status === "completed" && at < endedAt + DECISION.waitMs;
    if (isWaitedFor && FIELDS.some((field) => said[field] === null)) continue;
    count += 1;
    stood = { said, at };
  }
  return count;

  /** Whether an end came after a reopening. */
  function isReopened(since: number, until: number): boolean {
    const between = events.filter(({ at }) => at > since && at <= until);
    const reopening = between.find(({ type }) => REOPENINGS.includes(type));
    return (
      reopening !== undefined && between.some((one) => isEnd(one) && one.order > reopening.order)
    );
  }
}

/**
 * Reasons are on the bus and in the item of their decision; what nobody asked for is nowhere. In a world without faults
 * nothing is written that is not written in its double with faults.
 */
export function judgeSecrecy({ scenario, cloud, observer, isFaultFree }: Seen): void {
  if (isFaultFree || !scenario.settings.decides) return;
  const { applications, bus, idempotency, deadLetters, events, payloads } = cloud;
  const damaged = scenario.applications.filter((one) => isDamaged(one)).map(({ token }) => token);
  const places = {
    "the idempotency records": [...idempotency.records],
    "the applications": [...applications.applications.values()],
    "the failure records": [...applications.failures.values()],
    "the notices of gaps": [bus.notices, bus.investigationNotices],
    "the queue": events.messages(),
    "the dead letters": deadLetters
      .messages()
      .filter(({ body }) => !damaged.some((token) => body.includes(token))),
  };
  for (const [place, kept] of Object.entries(places)) look(place, JSON.stringify(kept), false);
  for (const event of bus.published) {
    look(`the route ${event.route}`, JSON.stringify(event), event.route === DECISION_ROUTE_ID);
  }
  for (const { body, route, type } of applications.events.values()) {
    look(`the record of ${type}`, Buffer.from(body), route === DECISION_ROUTE_ID);
  }
  for (const body of payloads.payloads.values())
    look("the payload bucket", Buffer.from(body), false);

  function look(place: string, kept: string | Buffer, isOfDecision: boolean): void {
    if (!isOfDecision && kept.includes(DECISION_MARK)) {
      observer.violate("leaked", `${place} names a reason of a decision`);
    }
    if (kept.includes(UNASKED_MARK)) {
      observer.violate("leaked", `${place} has an output attribute that nobody asked for`);
    }
  }
}

/** Whether an answer is of an application that has ended, as anybody can read. */
function isDecision({ status, isUnknown }: Version): boolean {
  return FINAL.includes(status) && !isUnknown;
}

/** Whether a later decision is none: what it leaves out takes nothing back. */
function isSame(stood: Said, later: Said): boolean {
  return (
    stood.status === later.status &&
    (later.outcome === null || later.outcome === stood.outcome) &&
    FIELDS.every((field) => later[field] === null || later[field] === stood[field])
  );
}

/** Whether a decision is published as this answer has it; an outcome that the answer leaves out, an event may name. */
function isSaidBy(version: Version, said: Said): boolean {
  if (!isDecision(version)) return false;
  const answer = answerOf(version);
  return (
    answer.status === said.status &&
    (answer.outcome === null || answer.outcome === said.outcome) &&
    FIELDS.every((field) => answer[field] === said[field])
  );
}

function saidIn({ event: { status, outcome, decision } }: Publication): Said {
  return {
    status,
    outcome: outcome?.toLowerCase() ?? null,
    reasons: inOrder(decision?.outcomeReasons),
    tags: inOrder(decision?.tags),
    outputs: decision?.outputAttributes == null ? null : JSON.stringify(decision.outputAttributes),
  };
}

interface Output {
  readonly outcome_reasons?: readonly { readonly name: string; readonly type: string | null }[];
  readonly tags?: readonly string[];
  readonly output_attributes?: { readonly credit_limit?: unknown };
}

function answerOf({ status, outcome, response }: Version): Said {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as `scenario/decisions.ts` has it
  const output = response["terminal_reconciliation_output"] as Output | null;
  const { credit_limit } = output?.output_attributes ?? {};
  return {
    status,
    outcome: status === "completed" ? (outcome?.toLowerCase() ?? null) : null,
    reasons: inOrder(
      output?.outcome_reasons?.map(({ name, type }) => ({
        name,
        type: type === "" ? null : type,
        adverseAction: /^adverse[ _]action$/i.test(type ?? ""),
      })),
    ),
    tags: inOrder(output?.tags),
    outputs: output === null ? null : JSON.stringify({ credit_limit }),
  };
}

function inOrder(values: readonly unknown[] | null | undefined): string | null {
  return values == null
    ? null
    : JSON.stringify(values.map((one) => JSON.stringify(one)).toSorted());
}
