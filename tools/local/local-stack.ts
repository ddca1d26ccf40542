import { startAlloySimulator } from "../alloy-simulator/server.ts";
import type { ConsoleSource } from "../console/source.ts";
import type { ConsoleVerbs } from "../console/verbs.ts";
import type { AlarmChange, AlarmEvaluation } from "./emulator/alarm-evaluation.ts";
import type { LocalCredentials } from "./credentials.ts";
import { LocalFailure } from "./failure.ts";
import type { LocalOptions } from "./terminal/options.ts";
import type { PlayedAlloy } from "./scenarios/play.ts";
import type { JudgedCalls } from "./emulator/judged-calls.ts";
import type { Receiver } from "./scenarios/receiver.ts";

/** The receiver on this machine with all that belongs to it, running: in an emulator, or in this process. */
export interface LocalStack {
  readonly credentials: LocalCredentials;
  /** One that works from this machine. */
  readonly webhookUrl: string;
  readonly receiver: Receiver;
  /** Null with `--alloy-url`. */
  readonly alloy: PlayedAlloy | null;
  /** In what it differs from the stack in an account: what a line is about, and its text. */
  readonly differences: readonly (readonly [string, string])[];
  /** Where AWS's own clients find it; null: nowhere. */
  readonly endpoint: string | null;
  /** The stack's outputs, as far as there are such things. */
  readonly outputs: Readonly<Record<string, string>>;
  /** The functions' calls, as AWS would judge them; null where they are not judged one by one. */
  readonly judged: JudgedCalls | null;
  /** The stack's alarms; null where there are none. */
  readonly alarms: Pick<AlarmEvaluation, "evaluate" | "seen"> | null;
  /** What the console reads and does in memory; null: it does so by AWS's own clients. */
  readonly memory: ConsoleSide | null;
  /** Has DynamoDB refuse what the consumer writes; null: it cannot be done here. */
  readonly throttleTable: ((isThrottled: boolean) => void) | null;
  /** Rejects when what it runs in ends by itself; it never resolves. */
  readonly broken: Promise<never>;
  /** Has what happens told. @returns a function that ends it. */
  watch(watcher: Watcher): Promise<() => Promise<void>>;
  /** Ends everything that was started, in reverse. */
  stop(): Promise<void>;
}

/** A stack, as the console reaches it. */
export interface ConsoleSide {
  readonly source: ConsoleSource;
  readonly verbs: ConsoleVerbs;
}

/** Who is told what happens while it is up. */
export interface Watcher {
  /** An event that was put on the bus, as JSON text. */
  readonly onEvent: (text: string) => void;
  readonly onFailure: (error: unknown) => void;
}

/** Who is told what while it starts and runs. */
export interface StackNarrator {
  /** A fact worth a line, with what it is about. */
  announce(about: string, text: string): void;
  /** A line of a Lambda's log. */
  onLog(line: string): void;
  onAlarm(change: AlarmChange): void;
  /** Something beside the pipeline failed, and will be tried again. */
  onFailure(sentence: string): void;
}

/**
 * Starts the simulator, unless an Alloy was given.
 *
 * @throws LocalFailure when it cannot be started.
 */
export async function startAlloy(
  options: LocalOptions,
  stack: {
    readonly port: number;
    readonly credentials: LocalCredentials;
    readonly webhookUrl: string;
  },
): Promise<PlayedAlloy | null> {
  if (options.alloy.kind === "given") return null;
  const { basic, alloyApi } = stack.credentials;
  const simulator = await startAlloySimulator({
    port: stack.port,
    webhookUrl: stack.webhookUrl,
    credential: { kind: "basic", ...basic },
    environment: "sandbox",
    timeScale: options.timeScale,
    apiKey: { token: alloyApi.token, secrets: [alloyApi.secret] },
  }).catch((error: Error) => {
    throw new LocalFailure(error.message, { cause: error });
  });
  return { simulator, baseUrl: simulator.baseUrl, ...alloyApi };
}
