import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { GetFunctionConfigurationCommand } from "@aws-sdk/client-lambda";

import { gaps } from "./gaps.ts";
import { FUNCTIONS, logs } from "./logs.ts";
import { statusOf } from "./observe.ts";
import type { Clock, OptionsAt } from "./options.ts";
import type { ResultOf } from "./results.ts";
import { readTimeline } from "./show.ts";
import type { ConnectedStack } from "./stack.ts";
import { withoutResults } from "./terminal.ts";
import type { Terminal } from "./terminal.ts";
import type { Timeline } from "./timeline-schema.ts";
import { version } from "./version.ts";
import { counted } from "../terminal/counted.ts";

/** More timelines say nothing new; the file says how many there are. */
const MOST_TIMELINES = 20;

type IncidentOptions = OptionsAt<"since" | "until" | "out"> & Pick<Clock, "wait">;

/**
 * `incident`: everything that a support case needs in one file, without personal data: status, alarms, gaps with the
 * timelines of their applications, warnings and errors of every function, and versions.
 */
export async function incident(
  stack: ConnectedStack,
  options: IncidentOptions,
  terminal: Terminal,
): Promise<ResultOf<"incident">> {
  const { since, until, out, now, wait } = options;
  const quiet = withoutResults(terminal);
  terminal.progress("Reading status and alarms …");
  const status = await statusOf(stack, now);
  terminal.progress("Reading gaps …");
  const inGap = await gaps(stack, quiet);
  const timelines: Timeline[] = [];
  for (const { token } of inGap.applications.slice(0, MOST_TIMELINES)) {
    timelines.push(await readTimeline(stack, token));
  }
  const found: ResultOf<"logs">[] = [];
  const versions: ResultOf<"incident">["versions"] = { tool: version(), functions: [] };
  for (const name of FUNCTIONS) {
    terminal.progress(`Reading the log of ${name} …`);
    const about = { application: null, hours: null, since, until, follow: false, now, wait };
    found.push(await logs(stack, name, about, quiet));
    versions.functions.push(await versionOf(stack, name));
  }
  const at = new Date(now).toISOString();
  const content = { v: 1 as const, stack: stack.stackName, at, status, gaps: inGap, timelines };
  const result = { ...content, logs: found, versions };
  const folder = out ?? ".";
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `incident-${stack.stage}-${at.replaceAll(/[:.]/g, "-")}.json`);
  writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`, { mode: 0o600 });
  const lines = found.reduce((sum, one) => sum + one.lines.length, 0);
  terminal.print(
    `Wrote ${file}: status, ${counted(inGap.applications.length, "gap")}, ${counted(timelines.length, "timeline")}, ${counted(lines, "line")} of logs, versions. It holds no personal data.`,
  );
  return { ...result, file };
}

async function versionOf(
  { lambda, functionNames }: ConnectedStack,
  name: (typeof FUNCTIONS)[number],
) {
  const { CodeSha256, LastModified, Runtime } = await lambda.send(
    new GetFunctionConfigurationCommand({ FunctionName: functionNames[name] }),
  );
  return {
    name,
    codeSha256: CodeSha256 ?? null,
    lastModified: LastModified ?? null,
    runtime: Runtime ?? null,
  };
}
