/**
 * Writes one line as it is. `console.log` will not do: in Lambda it puts a time and a request id
 * before the line, or wraps it in JSON, and CloudWatch then does not see the metrics in it.
 */
export function writeLine(line: string): void {
  process.stdout.write(`${line}\n`);
}
