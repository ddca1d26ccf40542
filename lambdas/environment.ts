/**
 * Checks the environment variables a Lambda needs.
 *
 * @param names - the variables wanted.
 * @param environment - usually `process.env`.
 * @returns the reader of those names; no value is empty.
 * @throws Error naming **all** variables that are missing or empty, so that one look is enough.
 */
export function readEnvironment<const Name extends string>(
  names: readonly Name[],
  environment: Readonly<Record<string, string | undefined>>,
): (name: Name) => string {
  const missing = names.filter((name) => !environment[name]);
  if (missing.length > 0) {
    throw new Error(
      `Environment variables missing or empty: ${missing.join(", ")}. The stack sets them; deploy again.`,
    );
  }
  return (name) => environment[name] ?? "";
}
