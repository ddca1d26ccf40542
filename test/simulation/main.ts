/**
 * `npm run simulate`: plays worlds, and says whether the promises were kept in all of them. `--help`
 * says what it can be asked for; docs/simulation.md says what it means. With `--to` it plays stories into a consumer of
 * the events instead (docs/consumers.md). With `--load` it plays a day of ten million webhooks (docs/scale.md).
 */
import { testConsumer } from "../../tools/consumer-kit/command.ts";
import { makeScreen, processOutput } from "../../tools/terminal/screen.ts";
import { loadText } from "../../tools/load/report.ts";
import { main } from "./commands/commands.ts";

const args = process.argv.slice(2);
const isForConsumer = args.some((one) => one === "--to" || one.startsWith("--to="));
if (args.includes("--load")) console.log(await loadText());
else
  process.exitCode = isForConsumer
    ? await testConsumer(args, makeScreen(processOutput()), process.env)
    : await main(args);
