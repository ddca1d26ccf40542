/** In which order each stands in place of what is never the same twice. */
const EXAMPLES: readonly (readonly [RegExp, string])[] = [
  [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, "2026-11-27T09:14:05.250Z"],
  [/\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-\d{3}Z/g, "2026-11-27T09-14-05-250Z"],
  [/\b\d{4}-\d\d-\d\d(?!T)/g, "2026-11-26"],
  [/\b[0-9a-f]{64}\b/g, "8f14e45fceea167a5a36dedd4bea2543".repeat(2)],
  [/\b[0-9a-f]{32}\b/g, "3f1c9a60d2b84e7795b1c0aa27f4e86d"],
  [/\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, "5b0c9a4e-1d27-4c53-9a0e-6f2d8c71b394"],
  // The fingerprint of a credential.
  [/\b[0-9a-f]{6}(?= {2}valid )/g, "bf19c0"],
  [/(127\.0\.0\.1|localhost):\d+/g, "127.0.0.1:43210"],
  [/\?token=[\w-]+/g, "?token=ngM8…"],
  [/\b\d+ ms\b/g, "21 ms"],
  [/\b\d+ s later\b/g, "1 s later"],
  [/\battempt \d\b/g, "attempt 1"],
  [/\b\d+ min ago\b/g, "1 min ago"],
  [/\b\d+ lines of logs\b/g, "12 lines of logs"],
  // What the poller healed has a mark, until the mark ends.
  [/\b\d+ items of the application table\b/g, "5 items of the application table"],
  // The poller of the local stack may have been there first.
  [/\bChecked \d+ applications?\b/g, "Checked 1 application"],
];

/**
 * An output in which every token, id, time and duration is a fixed example, so that two runs can be compared and a page
 * can show it.
 *
 * @param options.tokens - the tokens of the run, by the names that stand for them.
 * @param options.folder - where the run writes files; the names of the files stay.
 */
export function fixedOutput(
  output: string,
  { tokens, folder }: { readonly tokens: ReadonlyMap<string, string>; readonly folder: string },
): string {
  let text = output.replaceAll(`${folder}/`, "exports/");
  for (const [name, token] of tokens) text = text.replaceAll(token, name);
  return EXAMPLES.reduce((result, [pattern, example]) => result.replaceAll(pattern, example), text);
}
