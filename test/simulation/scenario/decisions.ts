import type { DecisionSettings } from "../../../lambdas/settings/poller-settings.ts";
import { HOUR, MINUTE } from "../../../tools/cloud-in-memory/clock.ts";
import type { Random } from "../../../tools/cloud-in-memory/random.ts";
import type { Version } from "./answers.ts";
import { randomFor } from "./knobs.ts";
import type { Knobs } from "./knobs.ts";

/*
 * What Alloy's answers say of a decision beside its outcome, behind the knob `decision`.
 */

/** Stands in every reason, tag and output attribute: where it is found, one of them is. */
export const DECISION_MARK = "Q7marked";

/** Stands in an attribute that nobody asks for: it may be nowhere. */
export const UNASKED_MARK = "Q8unasked";

/** What a stage asks for that publishes decisions. */
export const ASKED_OF_DECISIONS: DecisionSettings = {
  outcomeReasons: true,
  tags: true,
  outputAttributes: ["credit_limit"],
  dashboardUrl: "https://alloy.invalid/{applicationToken}",
};

type Output = Readonly<Record<string, unknown>>;

const FINAL: readonly string[] = ["completed", "error", "expired"];

/** Within so much a decision may change: most changes come while the poller still looks often. */
const CHANGES_MS = [3 * MINUTE, 3 * MINUTE, 20 * MINUTE, 3 * HOUR] as const;

/** The answers with the decision in each that has ended; between them it changes, comes late, or is left out. */
export function decidedVersions(
  versions: readonly Version[],
  { seed, knobs, name }: { readonly seed: number; readonly knobs: Knobs; readonly name: string },
): readonly Version[] {
  if (!knobs.has("decision")) return versions;
  const random = randomFor(seed, `decision of ${name}`);
  let output = outputOf(random);
  return versions.flatMap((version, index) => {
    const { status, outcome, at } = version;
    if (!FINAL.includes(status)) return [version];
    const before = versions[index - 1];
    const isSame = before?.status === status && before.outcome === outcome;
    // After a reopening, Alloy may come to the same once more.
    if (!isSame && index > 0 && random.chance(0.7)) output = outputOf(random);
    const said = [saying(version, at, output)];
    if (isSame) return said;
    const until = versions[index + 1]?.at ?? Number.POSITIVE_INFINITY;
    for (let changes = random.between(0, 2); changes > 0; changes -= 1) {
      const last = said.at(-1)?.at ?? at;
      const changeAt = last + random.between(1, random.pick([...CHANGES_MS]));
      if (changeAt >= until) break;
      const next = changed(output, random);
      // It comes later than the status.
      if (next === null && said.length === 1 && random.chance(0.5)) {
        said.splice(0, 1, saying(version, at, null), saying(version, changeAt, output));
        continue;
      }
      if (next !== null) output = next;
      said.push(saying(version, changeAt, next));
    }
    return said;
  });
}

function saying(version: Version, at: number, output: Output | null): Version {
  const response = { ...version.response, terminal_reconciliation_output: output };
  return { ...version, at, response };
}

/** Null: it is left out. */
function changed(output: Output, random: Random): Output | null {
  return random.pick<() => Output | null>([
    () => outputOf(random),
    () => ({ ...output, tags: outputOf(random)["tags"] }),
    // Alloy promises no order of them.
    () => reversed(output),
    () => null,
  ])();
}

function outputOf(random: Random): Output {
  const number = random.between(1, 1e9);
  return {
    outcome_reasons: [
      {
        name: `${DECISION_MARK} income ${number}`,
        type: random.pick(["adverse_action", "Adverse Action"]),
      },
      { name: `${DECISION_MARK} other`, type: random.pick([null, "", "note"]) },
    ],
    tags: [`${DECISION_MARK} tag ${number % 7}`, `${DECISION_MARK} second`],
    output_attributes: { credit_limit: `${DECISION_MARK} ${number}`, address: UNASKED_MARK },
    matrix_models: {},
  };
}

function reversed(output: Output): Output {
  const fields = Object.entries(output).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.toReversed() : value,
  ]);
  return Object.fromEntries(fields);
}
