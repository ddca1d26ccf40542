import type { Message } from "@aws-sdk/client-sqs";

import { parseCorrection } from "../../lambdas/domain/application/correction.ts";
import { decodeEnvelope } from "../../lambdas/domain/event/decode-envelope.ts";
import { readBody } from "../../lambdas/domain/event/envelope.ts";
import type { Envelope, SubmissionEnvelope } from "../../lambdas/domain/event/envelope.ts";
import { parseWebhook } from "../../lambdas/domain/event/parse-webhook.ts";
import { parseSubmission } from "../../lambdas/domain/event/submission.ts";
import { QUEUE } from "../../lambdas/settings/limits.ts";
import { eventIn } from "./deliver-again.ts";
import type { BusEvent } from "./deliver-again.ts";
import type { Given } from "./options.ts";
import { timeIn } from "./time-option.ts";
import { timeText } from "./time-text.ts";

/** What one message of the dead-letter queue is. */
export interface DeadLetter {
  /** Epoch milliseconds at which SQS got it; for what SQS moved here itself, the event queue did. */
  readonly sentAt: number;
  /** In words, without anything of the body but tokens and types. */
  readonly about: string;
  readonly applicationToken: string | null;
  readonly eventId: string | null;
  /** Why the consumer put it here; null when SQS moved it, after too many receives in vain. */
  readonly reason: string | null;
  /** Why it was here before, when it was sent back and came again. */
  readonly earlierReason: string | null;
  /** What Alloy sent, as text; null when it stands in the payload bucket. */
  readonly body: string | null;
}

/** Which dead letters are meant; an option that is null asks for nothing. */
export interface Choice extends Pick<Given, "application" | "event"> {
  /** A part of the reason. */
  readonly matching: string | null;
  /** When SQS got it, epoch milliseconds. */
  readonly from: number | null;
  readonly to: number | null;
}

export type ChoiceOptions = Pick<Given, "application" | "event"> &
  Partial<Pick<Given, "matching" | "since" | "until" | "queue">>;

/** @throws UsageError when a time is none. */
export function choiceOf(options: ChoiceOptions, now: number): Choice {
  const { application, event, matching = null, since = null, until = null } = options;
  const from = timeIn("--since", since, now);
  return { application, event, matching, from, to: timeIn("--until", until, now) };
}

/** Whether nothing is chosen, so that everything is meant. */
export function isEverything({ application, event, matching, from, to }: Choice): boolean {
  return [application, event, matching, from, to].every((one) => one === null);
}

/** What people read of a letter without a reason of the consumer's. */
export const NO_REASON = "failed on every receive";

export function isChosen(
  letter: DeadLetter,
  { application, event, matching, from, to }: Choice,
): boolean {
  const why = `${letter.reason ?? NO_REASON} ${letter.earlierReason ?? ""}`.toLowerCase();
  return (
    (application === null || letter.applicationToken === application) &&
    (event === null || letter.eventId === event) &&
    (matching === null || why.includes(matching.toLowerCase())) &&
    (from === null || letter.sentAt >= from) &&
    (to === null || letter.sentAt <= to)
  );
}

/** In words, for a question and an answer. */
export function choiceText({ application, event, matching, from, to }: Choice): string {
  const parts = [
    ...(application === null ? [] : [`of the application ${application}`]),
    ...(event === null ? [] : [`of the event ${event}`]),
    ...(matching === null ? [] : [`with "${matching}" in the reason`]),
    ...(from === null ? [] : [`since ${timeText(from)}`]),
    ...(to === null ? [] : [`until ${timeText(to)}`]),
  ];
  return parts.length === 0 ? "" : ` ${parts.join(" and ")}`;
}

/** Reads a message that was received with all its attributes. */
export async function readDeadLetter(message: Message): Promise<DeadLetter> {
  const given =
    message.MessageAttributes?.[QUEUE.reasonAttribute]?.StringValue ?? ruleErrorOf(message);
  // SQS names the queue that it moved a message from; the attributes are still those of the last time.
  const movedBySqs = message.Attributes?.DeadLetterQueueSourceArn !== undefined;
  return {
    sentAt: Number(message.Attributes?.SentTimestamp),
    reason: movedBySqs ? null : given,
    earlierReason: movedBySqs ? given : null,
    ...(await readableSubjectOf(message)),
  };
}

/** What EventBridge and Scheduler write beside a letter of theirs; null: neither put it there. */
function ruleErrorOf({ MessageAttributes = {} }: Message): string | null {
  const code = MessageAttributes["ERROR_CODE"]?.StringValue;
  if (code === undefined) return null;
  const why = MessageAttributes["ERROR_MESSAGE"]?.StringValue;
  return why === undefined ? code : `${code}: ${why}`;
}

/** Each letter is read by itself: what the consumer could not read must not hide the others from people. */
async function readableSubjectOf(message: Message): Promise<Subject> {
  const { MessageId = "?", Body: text = "" } = message;
  const unreadable = (reason: string): Subject => ({
    about: `unreadable: message ${MessageId}, ${Buffer.byteLength(text)} bytes (${reason})`,
    applicationToken: null,
    eventId: null,
    body: text,
  });
  try {
    const subject = await subjectOf(text);
    return "reason" in subject ? unreadable(subject.reason) : subject;
  } catch (error) {
    // Such as a body nested so deep that the stack does not hold it.
    return unreadable(error instanceof Error ? error.message : String(error));
  }
}

type Subject = Pick<DeadLetter, "about" | "applicationToken" | "eventId" | "body">;

async function subjectOf(text: string): Promise<Subject | { readonly reason: string }> {
  const event = eventIn(text);
  if (event !== null) return ofBusEvent(event, text);
  const decoded = decodeEnvelope(text);
  const nothing = { applicationToken: null, eventId: null, body: text };
  if ("reason" in decoded) return { reason: `not an envelope: ${decoded.reason}` };
  const { envelope } = decoded;
  const about = `${envelope.kind} ${envelope.receiptId}`;
  if (envelope.kind === "submission") return { ...nothing, about, ...ofSubmission(envelope) };
  if (envelope.payloadKey !== null) {
    return { ...nothing, body: null, about: `${about}, its body in the payload bucket` };
  }
  const found = await ofBody(envelope);
  return { ...found, about: `${about}, ${found.about}` };
}

/** An event of the bus: a published one of ours, or a submission. */
function ofBusEvent(event: BusEvent, body: string): Subject {
  const { eventId = null, applicationToken = null } = event.detail;
  const submitted = event.detail["journey_application_token"];
  const token = applicationToken ?? (typeof submitted === "string" ? submitted : null);
  const about = [event["detail-type"], token, eventId].filter((one) => one !== null).join(" ");
  return { body, about, applicationToken: token, eventId };
}

function ofSubmission({ submission, receivedAt }: SubmissionEnvelope): Partial<Subject> {
  const body = JSON.stringify(submission);
  const parsed = parseSubmission(submission, receivedAt);
  return "reason" in parsed
    ? { body }
    : { body, applicationToken: parsed.submission.applicationToken };
}

async function ofBody(envelope: Envelope): Promise<Subject> {
  // Only of envelopes whose body stands in them.
  const bytes = await readBody(envelope, () => Promise.resolve(new Uint8Array()));
  const body = new TextDecoder().decode(bytes);
  const corrected = envelope.kind === "poll" ? parseCorrection(body) : null;
  if (corrected !== null && "correction" in corrected) {
    const { applicationToken } = corrected.correction.snapshot;
    return { body, about: `${applicationToken} correction`, applicationToken, eventId: null };
  }
  const parsed = parseWebhook(body);
  if (parsed.kind === "journey-event") {
    const { applicationToken, type, eventId } = parsed.event;
    return { body, about: `${applicationToken} ${type} ${eventId}`, applicationToken, eventId };
  }
  const eventId = parsed.kind === "invalid" ? null : parsed.webhook.eventId;
  return { body, about: parsed.kind, applicationToken: null, eventId };
}
