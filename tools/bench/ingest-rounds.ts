import { join } from "node:path";

import { isDecided } from "./bench.ts";
import type { Bundle } from "./bundle.ts";
import { startProcess, WARM_REQUESTS, writeEvent, writeSettings } from "./cold-start.ts";
import type { Start } from "./cold-start.ts";
import { timeTargets } from "./ingest-report.ts";
import type { Round } from "./ingest-report.ts";
import { bySubject } from "./ingest-subjects.ts";
import type { SubjectId } from "./ingest-subjects.ts";
import { startLocalAws } from "./local-aws.ts";
import type { LocalAws } from "./local-aws.ts";

/** A median of fewer moves by more than what is compared. */
const FEWEST_ROUNDS = 21;

/** On a machine so busy that as many leave a target undecided, further ones would not help. */
const MOST_ROUNDS = 63;

/**
 * Measures round by round until every target is decided: until the interval of its figure lies on one
 * side of it, whichever that is.
 *
 * @param folder - where the bundles are.
 */
export async function playRounds(
  bundles: Readonly<Record<SubjectId, Bundle>>,
  folder: string,
): Promise<readonly Round[]> {
  const event = join(folder, "event.json");
  writeEvent(event);
  writeSettings(folder);
  const aws = await startLocalAws(
    JSON.stringify({ basic: [{ username: "alloy", password: "correct horse battery" }] }),
  );
  const start = (id: SubjectId) => startChecked(id, bundles[id], event, aws);
  try {
    // The first time a file is read, it comes from the disk: that round does not count.
    await bySubject(start);
    const rounds: Round[] = [];
    while (rounds.length < MOST_ROUNDS) {
      const isDone = rounds.length >= FEWEST_ROUNDS && timeTargets(rounds).every(isDecided);
      if (isDone) break;
      rounds.push(await bySubject(start));
    }
    return rounds;
  } finally {
    await aws.stop();
  }
}

/** A figure counts only when the process has done all of the work, with no call too many. */
async function startChecked(
  id: SubjectId,
  { file }: Bundle,
  event: string,
  aws: LocalAws,
): Promise<Start> {
  const before = { stored: aws.messages.length, calls: aws.calls(), opened: aws.connections() };
  const start = await startProcess(file, event, aws.url);
  const stored = aws.messages.length - before.stored;
  const calls = aws.calls() - before.calls;
  const opened = aws.connections() - before.opened;
  const requests = id === "floor" ? 0 : 1 + WARM_REQUESTS;
  // Beside one call per request: the secret, once. Each SDK client has connections of its own.
  const isAsWanted =
    start.statusCode === 200 &&
    stored === requests &&
    calls === (id === "floor" ? 0 : requests + 1) &&
    (id !== "ingest" || opened === 1);
  if (!isAsWanted) {
    throw new Error(
      `The subject "${id}" answered ${start.statusCode}, stored ${stored} of ${requests} webhooks, and made ${calls} calls over ${opened} connections.`,
    );
  }
  return start;
}
