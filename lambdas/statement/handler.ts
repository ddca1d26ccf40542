import type {
  StatementArchive,
  StatementSigner,
  StatementSources,
} from "../domain/statement/statement-ports.ts";
import { digestOf, fileOf, readSigned } from "../domain/statement/signed-statement.ts";
import {
  alarmingBurn,
  boundsOf,
  DAY_MS,
  dayBefore,
  makeStatement,
  standingOf,
} from "../domain/statement/statement.ts";
import type { Effects, Standing } from "../domain/statement/statement.ts";
import { METRICS } from "../settings/metrics.ts";
import type { StatementSettings } from "../settings/statement-settings.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import type { MessageLogger } from "../telemetry/powertools-logger.ts";

export interface StatementDependencies {
  readonly sources: StatementSources;
  readonly archive: StatementArchive;
  readonly signer: StatementSigner;
  readonly settings: StatementSettings;
  readonly stage: string;
  readonly metrics: Metrics<"statement">;
  readonly logger: MessageLogger;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** What a run came to. */
export interface StatementReport {
  readonly day: string;
  /** `kept`: it was there before. */
  readonly result: "made" | "kept";
}

/** Applications that are read at the same time. */
const AT_ONCE = 25;

/**
 * Makes the statement of the day before (docs/statement.md), once.
 *
 * 1. If there is one of that day, it stays.
 * 2. Look at every application that is not settled: it counts if it moved on the day or since, or does not agree.
 * 3. Sign the sum with the digest of the statement before it, and keep both where nobody can change them.
 * 4. Count how complete the day was.
 */
export function makeStatementHandler(dependencies: StatementDependencies) {
  const { sources, archive, signer, settings, stage, metrics, logger, now } = dependencies;

  return async (): Promise<StatementReport> => {
    const madeAt = now();
    const day = dayBefore(madeAt - (madeAt % DAY_MS));
    if (await archive.has(day)) return { day, result: "kept" };
    const { from, until } = boundsOf(day);
    const previous = await archive.newestBefore(day);
    const statement = makeStatement({
      stage,
      day,
      madeAt,
      isWhole: madeAt - from <= settings.finalCheckMs,
      seen: await readAll({ from, until, madeAt }),
      previous: previous === null ? null : readSigned(previous),
    });
    const text = JSON.stringify(statement);
    const { value, ...signature } = await signer.sign(digestOf(text));
    const signed = fileOf(text, { ...signature, value: Buffer.from(value).toString("base64") });
    if (!(await archive.keep(day, signed))) return { day, result: "kept" };
    metrics.count(METRICS.completeness, statement.completeness);
    metrics.count(METRICS.errorBudgetBurn, alarmingBurn(statement));
    metrics.flush();
    const { seen, overdue } = statement.applications;
    logger.info("statement.day.made", { day, seen, overdue });
    return { day, result: "made" };
  };

  async function readAll(times: {
    readonly from: number;
    readonly until: number;
    readonly madeAt: number;
  }) {
    const tokens = [...(await sources.unsettled())];
    const seen: { readonly standing: Standing; readonly effects: Effects }[] = [];
    const readers = Array.from({ length: AT_ONCE }, async () => {
      for (let token = tokens.pop(); token !== undefined; token = tokens.pop()) {
        const known = await sources.look(token);
        if (known === null) continue;
        const standing = standingOf(known, times);
        if (standing === null) continue;
        // An open application of former days that agrees is no news.
        if (!standing.moved && standing.agreeing) continue;
        const routes = settings.publishedRoutes;
        seen.push({ standing, effects: await sources.effects(known.state, { ...times, routes }) });
      }
    });
    await Promise.all(readers);
    return seen;
  }
}
