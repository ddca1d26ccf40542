/**
 * Whether a line of the log can hold these metrics too: in a line a name has one value, as a metric and as a dimension.
 *
 * @param fields - of the line: values of metrics and of dimensions, by their names.
 * @param names - of the metrics.
 */
export function isShared(
  fields: Readonly<Record<string, unknown>>,
  dimensions: Readonly<Record<string, string>>,
  names: readonly string[],
): boolean {
  return (
    names.every((name) => !(name in fields)) &&
    Object.entries(dimensions).every(([name, value]) => (fields[name] ?? value) === value)
  );
}
