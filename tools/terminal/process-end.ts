/** Unix: 128 and the number of SIGINT. */
const INTERRUPTED = 130;

/**
 * Ends the process cleanly where its reader goes away (`| head`), and when a person interrupts it.
 *
 * @param said - what the person should know of an interrupted command.
 */
export function endCleanly(said: string): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      // Nobody reads any more: that is no failure of the command.
      if (error.code === "EPIPE") process.exit(0);
      throw error;
    });
  }
  process.once("SIGINT", () => {
    process.stderr.write(`\n${said}\n`);
    process.exit(INTERRUPTED);
  });
}
