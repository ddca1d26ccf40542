/** Tells how far a long run is: a bar that moves on a terminal, a line at each tenth elsewhere. */
export function makeProgress(
  total: number,
  output: { readonly isTTY?: boolean; write(text: string): unknown } = process.stderr,
) {
  const WIDTH = 40;
  let done = 0;
  let toldTenths = 0;
  const isBar = output.isTTY === true && process.env["CI"] === undefined;

  return {
    advance(by: number, note: string): void {
      done += by;
      const share = done / total;
      if (isBar) {
        const filled = Math.round(share * WIDTH);
        const bar = `${"█".repeat(filled)}${"░".repeat(WIDTH - filled)}`;
        output.write(`\r${bar} ${done}/${total} ${note}\u001b[K`);
        return;
      }
      const tenths = Math.floor(share * 10);
      if (tenths > toldTenths) output.write(`${done}/${total} ${note}\n`);
      toldTenths = tenths;
    },
    end(): void {
      if (isBar) output.write("\r\u001b[K");
    },
  };
}
