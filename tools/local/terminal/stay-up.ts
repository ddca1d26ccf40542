import type { AlarmChange } from "../emulator/alarm-evaluation.ts";
import { causeOf } from "../failure.ts";
import {
  describeAlarm,
  describeLogged,
  describePublished,
  subjectOfLogged,
} from "./progress-log.ts";
import type { LocalStack, StackNarrator } from "../local-stack.ts";
import type { Ringers } from "../scenarios/alarms-that-rang.ts";
import type { Screen } from "../../terminal/screen.ts";

/** The sentence about an emulator that is gone says more than those of everybody who misses it. */
const FAILURE_DELAY_MS = 1_000;

/** A log line that says the same is told again after this. */
const REPEAT_MS = 60_000;

/** Tells a screen what happens. */
export interface Narrator extends StackNarrator {
  /** From here on what the Lambdas log is told too. */
  follow(): void;
  /** From here on everything ends, and nothing that fails is news. */
  fallSilent(): void;
}

/** @param ringers - who of what is played at the beginning rings an alarm. */
export function makeNarrator(screen: Screen, ringers: Ringers): Narrator {
  const told = new Set<string>();
  const ringing = new Map<string, AlarmChange>();
  const rang = new Set<string>();
  /** When a log line of a subject was told last. */
  const logged = new Map<string, number>();
  /** Of what is played, an alarm rings once. */
  const describe = (change: AlarmChange) => {
    const isFirst = change.state === "ALARM" && !rang.has(change.id);
    if (isFirst) rang.add(change.id);
    return describeAlarm(change, isFirst ? ringers(change.id) : null);
  };
  let following = false;
  let silent = false;
  return {
    announce: (about, text) => screen.fact(about, text),
    onLog: (line) => {
      const described = following ? describeLogged(line) : null;
      if (described === null) return;
      // The poller runs every two seconds: without this an alarm would be lost among its warnings.
      const [subject, now] = [subjectOfLogged(line), Date.now()];
      if (now - (logged.get(subject) ?? 0) < REPEAT_MS) return;
      logged.set(subject, now);
      screen.print(described);
    },
    onAlarm: (change) => {
      // That an alarm is fine to begin with is no news.
      const isNews = change.state === "ALARM" || ringing.has(change.id);
      if (change.state === "ALARM") ringing.set(change.id, change);
      else ringing.delete(change.id);
      if (following && isNews) screen.print(...describe(change));
    },
    onFailure: (sentence) => {
      // The same failure every few seconds is one line.
      if (told.has(sentence)) return;
      told.add(sentence);
      setTimeout(() => {
        if (!silent) screen.error(sentence);
      }, FAILURE_DELAY_MS).unref();
    },
    follow: () => {
      following = true;
      for (const change of ringing.values()) screen.print(...describe(change));
    },
    fallSilent: () => {
      silent = true;
    },
  };
}

/** Prints what happens until the signal is aborted. @throws LocalFailure when the stack ends by itself. */
export async function stayUp(
  stack: LocalStack,
  narrator: Narrator,
  screen: Screen,
  signal: AbortSignal,
): Promise<void> {
  const stopWatching = await stack.watch({
    onEvent: (text) => screen.print(describePublished(text)),
    onFailure: (error) => narrator.onFailure(`Watching failed: ${causeOf(error)}.`),
  });
  narrator.follow();
  screen.print("", "Running. Events and alarms are printed here. Ctrl-C stops everything.", "");
  await Promise.race([untilAborted(signal), stack.broken]);
  await stopWatching();
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise((resolve) => {
    signal.addEventListener("abort", resolve, { once: true });
  });
}
