import * as v from "valibot";
import type { AlarmChange } from "../emulator/alarm-evaluation.ts";

/** One line for each thing that happens, while `npm start` stays up. */

const Published = v.object({
  detail: v.object({
    route: v.string(),
    applicationToken: v.nullable(v.string()),
    eventType: v.string(),
    status: v.nullable(v.string()),
    outcome: v.nullable(v.string()),
    origin: v.string(),
    late: v.boolean(),
  }),
});

/** A delivery gap that opened, moved, closed or was given up. */
const Noticed = v.object({
  detail: v.object({
    change: v.string(),
    applicationToken: v.string(),
    stage: v.string(),
    evidence: v.string(),
  }),
});

/** The part of a Lambda's log line that is its own, whoever wrote it (`lambdas/telemetry/messages.ts`). */
const Logged = v.pipe(
  v.string(),
  v.parseJson(),
  v.looseObject({ level: v.picklist(["WARN", "ERROR"]), code: v.string(), message: v.string() }),
);

/** Keys of a log line that every line has, and that say nothing at a terminal. */
const PLUMBING = new Set(["level", "code", "message", "timestamp", "service", "sampling_rate"]);

/** Longest route id, `unrecognised`. */
const WHAT_WIDTH = 13;

/** What was put on the bus: an event, or the notice of a gap. */
export function describePublished(text: string): string {
  const { detail } = v.parse(v.union([Published, Noticed]), JSON.parse(text));
  if ("evidence" in detail) {
    const { change, applicationToken, stage, evidence } = detail;
    return line(`gap ${change}`, `${applicationToken}  ${stage}: ${evidence}`);
  }
  const standing = [detail.status, detail.outcome].filter((part) => part !== null).join(" ");
  const facts = [
    detail.eventType || "(no type)",
    ...(standing === "" ? [] : [`now ${standing}`]),
    `by ${detail.origin}`,
    ...(detail.late ? ["late"] : []),
  ];
  return line(detail.route, `${detail.applicationToken ?? "-"}  ${facts.join(", ")}`);
}

/** A warning or an error of a Lambda; null for any other line. */
export function describeLogged(text: string): string | null {
  const parsed = v.safeParse(Logged, text);
  if (!parsed.success) return null;
  const { level, code, message, ...rest } = parsed.output;
  const fields = Object.entries(rest)
    .filter(([name, value]) => !PLUMBING.has(name) && ["string", "number"].includes(typeof value))
    .map(([name, value]) => `${name} ${String(value)}`);
  return line(level.toLowerCase(), [`${code}: ${message}`, ...fields].join("  "));
}

/** What a warning or an error is about: two of one kind about one application say the same. */
export function subjectOfLogged(text: string): string {
  const parsed = v.safeParse(Logged, text);
  if (!parsed.success) return text;
  const { code, applicationToken } = parsed.output;
  return `${code} ${typeof applicationToken === "string" ? applicationToken : ""}`;
}

/**
 * An alarm that went off, with what it tells whoever is paged, or one that is over.
 *
 * @param by - what was played to ring it; null: it is news.
 */
export function describeAlarm(
  { id, state, reason, description }: AlarmChange,
  by: string | null,
): readonly string[] {
  if (state !== "ALARM") return [line("alarm over", id)];
  if (by !== null) return [line("alarm", `${id}, which ${by} should ring: ${reason}`)];
  const told = description
    .split("\n\n")
    .filter((part, index) => index === 0 || /^(?:Impact|Runbook): /.test(part));
  return [line("alarm", `${id}: ${reason}`), ...told.map((part) => line("", part))];
}

function line(what: string, text: string): string {
  return `${what.padEnd(WHAT_WIDTH)}  ${text}`;
}
