import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as settings from "../../lambdas/settings/metrics.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** A metric as the code of a function puts it. */
export interface Emission {
  /** Its key in `METRICS`. */
  readonly key: keyof typeof settings.METRICS;
  /** The function that puts it. */
  readonly emitter: "ingest" | "consumer" | "poller" | "statement";
  readonly unit: "Count" | "Milliseconds";
  /** Names of the dimensions that it has besides `Stage`. */
  readonly dimensions: readonly string[];
}

const CALL = /\bmetrics\.(count|milliseconds)\(\s*(METRICS\.\w+|\w+)([^;]*?)\);/g;
/** `for (const name of LIST) metrics.count(name, 0);`, and the list that it goes through. */
const LOOP = /for \(const (\w+) of (\w+)\) metrics\.count\(\1\b/g;

/**
 * What the functions emit, as their code says it.
 *
 * @throws Error at a call that cannot be read: its metric would stand in no table.
 */
export function emissions(): readonly Emission[] {
  return (["ingest", "consumer", "poller", "statement"] as const).flatMap((emitter) =>
    globSync(`lambdas/${emitter}/*.ts`, { cwd: root })
      .toSorted()
      .flatMap((file) => {
        const found = emissionsIn(readFileSync(`${root}${file}`, "utf8"), file);
        return found.map((one) => ({ ...one, emitter }));
      }),
  );
}

/** @param file - named in errors. */
export function emissionsIn(code: string, file: string): readonly Omit<Emission, "emitter">[] {
  const loops = new Map([...code.matchAll(LOOP)].map(([, name = "", list = ""]) => [name, list]));
  return [...code.matchAll(CALL)].flatMap(([call, method, name = "", rest = ""]) => {
    const unit = method === "count" ? "Count" : "Milliseconds";
    const dimensions = dimensionsIn(rest, call, file);
    const list = loops.get(name);
    const names = name.startsWith("METRICS.") ? [name] : namesIn(code, list);
    if (names.length === 0) {
      throw new Error(`${file} emits ${call}: give it a name of METRICS, so that it can be found.`);
    }
    return names.map((one) => ({ key: keyOf(one, file), unit, dimensions }) as const);
  });
}

/** @param rest - what follows the metric's name: a value, and perhaps an object of dimensions. */
function dimensionsIn(rest: string, call: string, file: string): readonly string[] {
  const [, object] = /^,[^{]*,\s*(\{[^]*\}),?\s*$/.exec(rest) ?? [];
  // A comma outside of parentheses separates a third parameter.
  const isThird = /,[^()]*,/.test(rest.replace(/\([^()]*\)/g, "").replace(/,\s*$/, ""));
  if (object === undefined && isThird) {
    throw new Error(
      `${file} emits ${call}: write its dimensions there, as { [A_DIMENSION]: value }, so that they can be found.`,
    );
  }
  return [...(object ?? "").matchAll(/\[(\w+)\]:/g)].map(([, constant = ""]) =>
    dimensionOf(constant, file),
  );
}

function namesIn(code: string, list: string | undefined): readonly string[] {
  if (list === undefined) return [];
  const [, body = ""] = new RegExp(`const ${list} = \\[([^\\]]*)\\]`).exec(code) ?? [];
  return body.match(/METRICS\.\w+/g) ?? [];
}

function keyOf(name: string, file: string): Emission["key"] {
  const key = Object.keys(settings.METRICS).find((known) => name === `METRICS.${known}`);
  if (isKey(key)) return key;
  throw new Error(`${file} emits ${name}, which lambdas/settings/metrics.ts does not know.`);
}

function isKey(key: string | undefined): key is Emission["key"] {
  return key !== undefined && key in settings.METRICS;
}

function dimensionOf(constant: string, file: string): string {
  const value: unknown = Object.entries(settings).find(([name]) => name === constant)?.[1];
  if (typeof value === "string") return value;
  throw new Error(
    `${file} emits a metric with the dimension ${constant}, which is no constant of lambdas/settings/metrics.ts.`,
  );
}
