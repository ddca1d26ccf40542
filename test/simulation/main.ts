/**
 * `npm run simulate`: plays worlds, and says whether the promises were kept in all of them. `--help`
 * says what it can be asked for; docs/simulation.md says what it means. With `--to` it plays stories into a consumer of
 * the events instead (docs/consumers.md). With `--load` it plays a day of ten million webhooks (docs/scale.md).
 */
const args = process.argv.slice(2);
const isForConsumer = args.some((one) => one === "--to" || one.startsWith("--to="));
// Each is loaded alone: to load all three takes longer than to play a world.
if (args.includes("--load")) {
  const { loadText } = await import("../../tools/load/report.ts");
  console.log(await loadText());
} else if (isForConsumer) {
  const { testConsumer } = await import("../../tools/consumer-kit/command.ts");
  const { makeScreen, processOutput } = await import("../../tools/terminal/screen.ts");
  process.exitCode = await testConsumer(args, makeScreen(processOutput()), process.env);
} else {
  const { main } = await import("./commands/commands.ts");
  process.exitCode = await main(args);
}
