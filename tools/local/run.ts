import { rm } from "node:fs/promises";
import { watchAlarms } from "./alarm-watch.ts";
import { watchBus } from "./bus-watch.ts";
import { OMITTED } from "./cdk.ts";

import { causeOf } from "./failure.ts";
import { describeAlarm, describeLogged, describePublished } from "./happenings.ts";
import { startLocalStack } from "./local-stack.ts";
import type { LocalStack } from "./local-stack.ts";
import type { LocalOptions } from "./options.ts";
import { writeOutputsFile } from "./outputs-file.ts";
import { playScenarios } from "./play.ts";
import type { PlayedAlloy, PlayResult } from "./play.ts";
import type { Screen } from "./screen.ts";
import { paintForTerminal, renderTable } from "./table.ts";

/**
 * How long after Alloy's last delivery everything must agree. At the default time scale the poller looks
 * at an application that it has not heard of after a second, and again after three.
 */
const AGREEMENT_LIMIT_MS = 90_000;

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
  const { outputsFile } = options;
  // Whoever waits for the file must not find that of an earlier run.
  if (outputsFile !== null) await rm(outputsFile, { force: true });
  const narrator = makeNarrator(screen);
  const stack = await startLocalStack(options, narrator, signal);
  try {
    describeStack(stack, options, screen);
    if (outputsFile !== null) await writeOutputsFile(outputsFile, stack);
    const played = stack.alloy === null ? null : play(stack, stack.alloy, screen, signal);
    const result = await Promise.race([played, stack.broken]);
    if (result !== null) printResult(result, Date.now() - started, screen);
    if (options.once) return result !== null && isGood(result) ? 0 : 1;
    await stayUp(stack, narrator, screen, signal);
    return 0;
  } finally {
    narrator.fallSilent();
    await stack.stop();
  }
}

async function stayUp(
  stack: LocalStack,
  narrator: ReturnType<typeof makeNarrator>,
  screen: Screen,
  signal: AbortSignal,
): Promise<void> {
  const { clients, outputs } = stack;
  const onFailure = (error: unknown) => narrator.onFailure(`Watching failed: ${causeOf(error)}.`);
  const stopBus = await watchBus(clients, {
    busName: outputs.EventBusName,
    onEvent: (text) => screen.print(describePublished(text)),
    onFailure,
  });
  const stopAlarms = watchAlarms(clients, {
    onChange: (change) => screen.print(describeAlarm(change)),
    onFailure,
  });
  narrator.follow();
  screen.print("\nUp. What happens is printed here; Ctrl-C stops everything.\n");
  await Promise.race([untilAborted(signal), stack.broken]);
  stopAlarms();
  // Ours goes with all that is in it; a running emulator is left as it was.
  if (stack.deployment.emulator === null) await stopBus();
}

function describeStack(stack: LocalStack, options: LocalOptions, screen: Screen): void {
  const { basic } = stack.credentials;
  screen.fact(
    "Left out",
    `${OMITTED.map(({ what }) => what).join(", ")}: the emulator cannot hold them`,
  );
  screen.fact(
    "Alloy",
    stack.alloy === null
      ? "the one of --alloy-url; have it send its webhooks to the address below"
      : `simulated on ${stack.alloy.baseUrl}, ${options.timeScale} times as fast as the real one`,
  );
  screen.fact(
    "Try it",
    `curl -i -u '${basic.username}:${basic.password}' -d '{"hello":"alloy"}' \\`,
  );
  screen.fact("", `  '${stack.webhookUrl}'`);
}

async function play(
  stack: LocalStack,
  alloy: PlayedAlloy,
  screen: Screen,
  signal: AbortSignal,
): Promise<PlayResult> {
  screen.print("");
  return playScenarios(alloy, stack.receiver, {
    signal,
    limitMs: AGREEMENT_LIMIT_MS,
    onProgress: (text) => screen.progress(text),
  });
}

function printResult(result: PlayResult, elapsedMs: number, screen: Screen): void {
  const { verdicts, faults } = result;
  screen.print(renderTable(verdicts, paintForTerminal));
  const sum = (count: (verdict: (typeof verdicts)[number]) => number) =>
    verdicts.reduce((total, verdict) => total + count(verdict), 0);
  const received = sum((verdict) => verdict.received);
  const healed = sum((verdict) => verdict.healed);
  const published = sum((verdict) =>
    Object.values(verdict.published).reduce((total, count) => total + count, 0),
  );
  for (const fault of faults) screen.print(paintForTerminal("red", fault));
  screen.print(
    [
      `${verdicts.length} applications, ${sum(({ alloy }) => alloy.eventIds.length)} events at Alloy:`,
      `${received} received, ${healed} healed by the poller;`,
      `${published} published, the others came late.`,
    ].join(" "),
  );
  const seconds = `(${(elapsedMs / 1_000).toFixed(1)} s)`;
  screen.print(
    isGood(result)
      ? paintForTerminal("green", `Everything agrees, and every effect happened once. ${seconds}`)
      : paintForTerminal(
          "red",
          `Not everything agrees within ${AGREEMENT_LIMIT_MS / 1_000} s. ${seconds}`,
        ),
  );
}

function isGood({ verdicts, faults }: PlayResult): boolean {
  return (
    verdicts.length > 0 &&
    faults.length === 0 &&
    verdicts.every((verdict) => verdict.faults.length === 0)
  );
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise((resolve) => {
    signal.addEventListener("abort", resolve, { once: true });
  });
}

/** The sentence about an emulator that is gone says more than those of everybody who misses it. */
const FAILURE_DELAY_MS = 1_000;

function makeNarrator(screen: Screen) {
  const told = new Set<string>();
  let following = false;
  let silent = false;
  return {
    announce: (about: string, text: string) => screen.fact(about, text),
    onLog: (line: string) => {
      const described = following ? describeLogged(line) : null;
      if (described !== null) screen.print(described);
    },
    onFailure: (sentence: string) => {
      // The same failure each second is one line.
      if (told.has(sentence)) return;
      told.add(sentence);
      setTimeout(() => {
        if (!silent) screen.error(sentence);
      }, FAILURE_DELAY_MS).unref();
    },
    follow: () => {
      following = true;
    },
    /** From here on everything ends, and nothing that fails is news. */
    fallSilent: () => {
      silent = true;
    },
  };
}
