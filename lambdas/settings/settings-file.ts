import { SETTINGS_FILE } from "./names.ts";

/**
 * Reads a function's settings of its stage. They are in a file beside the code, because Lambda's environment
 * has room for 4 KB, and Journeys, routes, rules and address ranges may be any number.
 *
 * @param environment - usually `process.env`; Lambda names the folder of the code in `LAMBDA_TASK_ROOT`.
 * @returns the file's JSON; the caller checks it.
 * @throws Error naming the file that cannot be read.
 */
export function readSettingsFile(
  environment: Readonly<Record<string, string | undefined>>,
): unknown {
  const folder = environment["LAMBDA_TASK_ROOT"];
  const file = `${folder}/${SETTINGS_FILE}`;
  try {
    // Node has loaded it already: an import would be paid before the entry file has run.
    return JSON.parse(process.getBuiltinModule("node:fs").readFileSync(file, "utf8"));
  } catch (cause) {
    const sentence = `The settings ${file} cannot be read. The stack puts them beside the code; deploy again.`;
    throw new Error(sentence, { cause });
  }
}
