/** `simulate --to <url>` of the package's command, and of `npm run simulate` (docs/consumers.md). */
import { makeScreen, processOutput } from "../terminal/screen.ts";
import { testConsumer } from "./command.ts";

process.exitCode = await testConsumer(
  process.argv.slice(2),
  makeScreen(processOutput()),
  process.env,
);
