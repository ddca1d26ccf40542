import * as v from "valibot";

import { DECISION } from "../../settings/limits.ts";
import type { DecisionSettings } from "../../settings/poller-settings.ts";
import { isFinal } from "../event/event-types.ts";
import { isJsonObject, readJson } from "../event/external-json.ts";
import type { JsonObject } from "../event/external-json.ts";
import { contentIdOf } from "../event/identity.ts";
import type { AlloyApplication } from "../reconciliation/alloy-application.ts";
import { outcomeWordOf } from "../routing/route.ts";
import { endOf } from "./application-state.ts";
import type { ApplicationState, DecidedRegister } from "./application-state.ts";
import { correctionBody, SnapshotSchema } from "./correction.ts";
import type { AnswerWithEvents, CorrectionContext } from "./correction.ts";
import { isNewDecision } from "./decided.ts";
import { dashboardUrlOf, decisionContentIn, isWhole } from "./decision-content.ts";
import type { DecisionContent } from "./decision-content.ts";
import type { Snapshot } from "./observation.ts";
import { stampOfAnswer, timeOf } from "./stamp.ts";

/** How Alloy says that an application has ended, and why. The poller queues it, and the consumer publishes it. */
export interface Decision {
  readonly snapshot: Snapshot;
  /** When Alloy was asked, epoch milliseconds. */
  readonly askedAt: number;
  readonly decided: DecidedRegister;
  readonly content: DecisionContent;
  readonly dashboardUrl: string | null;
}

interface DecisionContext extends Pick<CorrectionContext, "now"> {
  /** Null: no decision is published. */
  readonly settings: DecisionSettings | null;
}

/**
 * Finds the decision that is not known yet.
 *
 * @returns null when there is none, or a time (epoch milliseconds) until which a field that is absent may come.
 */
export function decisionOf(
  { ended }: AlloyApplication,
  state: ApplicationState,
  { settings, now }: DecisionContext,
  answer: AnswerWithEvents | null,
): Decision | number | null {
  if (settings === null || answer === null || ended === null) return null;
  const { snapshot, applied, since } = answer;
  const { status, outcome, at, applicationToken } = snapshot;
  if (status === null || !isFinal(status) || snapshot.isShadow) return null;
  const content = decisionContentIn(ended, settings);
  const decided: Omit<DecidedRegister, "decisionId"> = {
    previous: state.decided?.decisionId ?? null,
    stamp: stampOfAnswer(at, now),
    status,
    outcome,
    since,
    asked: digestOf(settings.outcomeReasons, settings.tags, settings.outputAttributes) ?? "",
    reasons: digestOf(inOrder(content.outcomeReasons)),
    tags: digestOf(inOrder(content.tags)),
    outputs: digestOf(content.outputAttributes),
  };
  if (!isNewDecision(state.decided, decided)) return null;
  // Alloy reconciles when it completes an application; nothing says that its answer has all of it at once.
  const wholeBy = endedAt(applied, at) + DECISION.waitMs;
  if (status === "completed" && now < wholeBy && !isWhole(content, settings)) return wholeBy;
  return {
    snapshot,
    askedAt: now,
    decided: { ...decided, decisionId: decisionIdOf(applicationToken, decided) },
    content,
    dashboardUrl: dashboardUrlOf(settings.dashboardUrl, snapshot),
  };
}

/** When it ended, by what is known of that: each answer may be dated anew. Epoch milliseconds. */
function endedAt(state: ApplicationState, answeredAt: number): number {
  const times = [endOf(state), state.lastEnd].flatMap((end) =>
    end === null ? [] : timeOf(end.stamp),
  );
  return times.length === 0 ? answeredAt : Math.min(answeredAt, Math.max(...times));
}

/** The same however often the poller finds the decision, and another one when Alloy comes back to it. */
function decisionIdOf(
  applicationToken: string,
  { status, outcome, reasons, tags, outputs, previous }: Omit<DecidedRegister, "decisionId">,
): string {
  const word = outcomeWordOf(outcome);
  const content = { applicationToken, status, outcome: word, reasons, tags, outputs, previous };
  return contentIdOf("decision", content);
}

/** Null of what is not there. */
function digestOf(...values: readonly unknown[]): string | null {
  return values.includes(null) ? null : contentIdOf("of a decision", values);
}

/** Alloy promises no order of them. */
function inOrder(values: readonly unknown[] | null): readonly string[] | null {
  return values?.map((value) => JSON.stringify(value)).toSorted() ?? null;
}

const text = v.nullable(v.string());
const count = v.number();

const DecidedSchema = v.object({
  decisionId: v.string(),
  previous: text,
  stamp: v.string(),
  status: v.picklist(["completed", "error", "expired"]),
  outcome: text,
  since: text,
  asked: v.string(),
  reasons: text,
  tags: text,
  outputs: text,
});

const DecisionSchema = v.object({
  decision: v.object({
    decided: DecidedSchema,
    content: v.object({
      outcomeReasons: v.nullable(
        v.array(v.object({ name: v.string(), type: text, adverseAction: v.boolean() })),
      ),
      tags: v.nullable(v.array(v.string())),
      outputAttributes: v.nullable(v.custom<JsonObject>(isJsonObject)),
      omitted: v.nullable(
        v.object({
          outcomeReasons: count,
          tags: count,
          outputAttributes: v.array(v.string()),
          cutTexts: count,
        }),
      ),
    }),
    dashboardUrl: text,
  }),
  snapshot: SnapshotSchema,
  askedAt: v.number(),
});

/** The body of a decision begins so; no event's and no correction's does. */
const BEGINNING = '{"decision":';

/**
 * JSON text for the body of a `poll` envelope. To a consumer of a release without decisions it is a correction that says
 * nothing, so that it neither fails nor publishes.
 */
export function decisionBody({ snapshot, askedAt, ...decision }: Decision): string {
  const nothing = { basis: null, since: null, news: "nothing", settles: false } as const;
  const correction = { snapshot, askedAt, ...nothing, confirms: null, mayComeBack: false };
  const inner = correctionBody({ ...correction, reruns: [] });
  return `${BEGINNING}${JSON.stringify(decision)},${inner.slice(1)}`;
}

/** Whether it is the body of a decision. */
export function isDecisionBody(body: string): boolean {
  return body.startsWith(BEGINNING);
}

/** Reads it. @returns the reason when it is damaged, without a value of it. */
export function parseDecision(
  body: string,
): { readonly decision: Decision } | { readonly reason: string } {
  const read = readJson(body);
  if ("reason" in read) return { reason: `the decision ${read.reason}` };
  const parsed = v.safeParse(DecisionSchema, read.json);
  if (parsed.success) {
    const { decision, snapshot, askedAt } = parsed.output;
    return { decision: { ...decision, snapshot, askedAt } };
  }
  const where = parsed.issues.map((issue) => v.getDotPath(issue) ?? "the whole").join(", ");
  return { reason: `the decision lacks or mistypes: ${where}` };
}
