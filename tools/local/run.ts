import { rm } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { Console } from "../console/server.ts";
import { startEmulatorStack } from "./emulator/emulator-stack.ts";
import { NoEmulator } from "./emulator/find-emulator.ts";
import { causeOf } from "./failure.ts";
import { startLocalConsole } from "./console-page.ts";
import { setUpIncident } from "./incidents.ts";
import { startInProcessStack } from "./in-process-stack.ts";
import type { JudgedCalls } from "./emulator/judged-calls.ts";
import type { LocalStack, StackNarrator } from "./local-stack.ts";
import type { LocalOptions } from "./terminal/options.ts";
import { clearOutputsFile, writeOutputsFile } from "./outputs-file.ts";
import { ownOutputsFile } from "./paths.ts";
import { ringersOfAll, silentScenarios, verdictOnAlarms } from "./scenarios/alarms-that-rang.ts";
import type { AlarmVerdict, Ringers } from "./scenarios/alarms-that-rang.ts";
import { playScenarios } from "./scenarios/play.ts";
import type { PlayedAlloy, PlayResult } from "./scenarios/play.ts";
import { renderAlarms } from "./terminal/alarm-report.ts";
import { isGood, renderReport } from "./terminal/report.ts";
import { makeNarrator, stayUp } from "./terminal/stay-up.ts";
import type { Screen } from "../terminal/screen.ts";
import { WEBHOOK_TO_TRY } from "./webhook-to-try.ts";

/**
 * How long after Alloy's last delivery, and after the last change, everything must agree. At the default time scale the poller looks
 * at an application that it has not heard of after a second, and again after three.
 */
const AGREEMENT_LIMIT_MS = 240_000;

/** The emulator's supervisor reports its end within milliseconds. */
const NEWS_OF_THE_END_MS = 500;

/**
 * Runs what the options ask for, until its end or until the signal is aborted.
 *
 * @returns the exit code.
 * @throws LocalFailure for what the person can put right; anything when the signal was aborted meanwhile.
 */
export async function runLocal(
  options: LocalOptions,
  screen: Screen,
  signal: AbortSignal,
): Promise<number> {
  const started = Date.now();
  const outputsFile = options.outputsFile ?? ownOutputsFile(process.pid);
  await clearOutputsFile(outputsFile);
  // Before an incident nothing is played that rings: what rings then is the incident.
  const ringers = options.incident === null ? ringersOfAll : () => null;
  const narrator = makeNarrator(screen, ringers);
  const stack = await startStack(options, narrator, signal);
  let page: Console | null = null;
  try {
    describeStack(stack, options, screen);
    await writeOutputsFile(outputsFile, stack);
    if (!options.once) {
      page = await startPage(stack, outputsFile, screen);
    }
    const played = stack.alloy === null ? null : play(stack, stack.alloy, options, screen, signal);
    const result = await Promise.race([played, stack.broken]);
    let hasRungFalsely = false;
    if (result !== null) {
      const times = { elapsedMs: Date.now() - started, limitMs: AGREEMENT_LIMIT_MS };
      screen.print(...renderReport(result, times));
      const alarms = await alarmsThatRang(stack, ringers);
      if (alarms !== null) screen.print(...renderAlarms(alarms));
      hasRungFalsely = (alarms?.faults.length ?? 0) > 0;
    }
    if (options.once) {
      const isRefused = (stack.judged?.count().refused ?? 0) > 0;
      return result !== null && isGood(result) && !hasRungFalsely && !isRefused ? 0 : 1;
    }
    const answer =
      options.incident === null
        ? null
        : await setUpIncident(options.incident, stack, outputsFile, signal);
    if (answer !== null) {
      screen.fact("Incident", "one is set up. Ctrl-C ends the practice, and says what it was");
    }
    await stayUp(stack, narrator, screen, signal);
    if (answer !== null) screen.fact("Incident", `it was ${answer}`);
    return 0;
  } catch (error) {
    // A call that failed because the emulator is gone: that it is gone is the better sentence.
    if (!signal.aborted) await Promise.race([stack.broken, sleep(NEWS_OF_THE_END_MS)]);
    throw error;
  } finally {
    narrator.fallSilent();
    await page?.stop();
    if (stack.judged !== null) screen.fact("Checked", judgedText(stack.judged));
    // Left behind, it would lead the operators' tool to a stack that is gone.
    if (options.outputsFile === null) await rm(outputsFile, { force: true });
    await stack.stop();
  }
}

/** Whatever keeps the console from starting, the stack is up without it. */
async function startPage(
  stack: LocalStack,
  outputsFile: string,
  screen: Screen,
): Promise<Console | null> {
  try {
    const page = await startLocalConsole(stack, outputsFile);
    screen.fact("Console", page.url);
    return page;
  } catch (error) {
    screen.fact("Console", `none. It failed to start (${causeOf(error)}).`);
    return null;
  }
}

/** In an emulator; in this process when that was asked for, or when there is nothing to run one on. */
async function startStack(
  options: LocalOptions,
  narrator: StackNarrator,
  signal: AbortSignal,
): Promise<LocalStack> {
  if (!options.inProcess) {
    try {
      return await startEmulatorStack(options, narrator, signal);
    } catch (error) {
      if (!(error instanceof NoEmulator)) throw error;
      narrator.announce("Emulator", `none. ${error.message}`);
    }
  }
  return startInProcessStack(options, narrator, signal);
}

function describeStack(stack: LocalStack, options: LocalOptions, screen: Screen): void {
  const { basic } = stack.credentials;
  for (const [about, text] of stack.differences) screen.fact(about, text);
  screen.fact(
    "Alloy",
    stack.alloy === null
      ? "the one of --alloy-url; make it send its webhooks to the address below"
      : `simulated on ${stack.alloy.baseUrl}, ${options.timeScale} times as fast as the real one`,
  );
  screen.fact(
    "Try it",
    `curl -i -u '${basic.username}:${basic.password}' -d '${WEBHOOK_TO_TRY}' \\`,
  );
  screen.fact("", `  '${stack.webhookUrl}'`);
  // The operators' tool speaks to AWS, or to an emulator.
  if (stack.endpoint === null) return;
  const which = options.outputsFile === null ? "--stage local" : `--outputs ${options.outputsFile}`;
  screen.fact("Look at it", `npm run ops -- status ${which}`);
}

function judgedText({ count }: JudgedCalls): string {
  const { calls, distinct, refused } = count();
  return `${calls} calls of the functions, ${distinct} distinct, ${refused} refused`;
}

/** Null where there are no alarms. */
async function alarmsThatRang(
  { alarms }: LocalStack,
  ringers: Ringers,
): Promise<AlarmVerdict | null> {
  if (alarms === null) return null;
  await alarms.evaluate();
  return verdictOnAlarms(alarms.seen(), ringers);
}

async function play(
  stack: LocalStack,
  alloy: PlayedAlloy,
  { incident }: LocalOptions,
  screen: Screen,
  signal: AbortSignal,
): Promise<PlayResult> {
  screen.print("");
  return playScenarios(alloy, stack.receiver, {
    signal,
    limitMs: AGREEMENT_LIMIT_MS,
    ...(incident !== null && { scenarios: silentScenarios() }),
    investigations: incident === null,
    onProgress: (text) => screen.progress(text),
  });
}
