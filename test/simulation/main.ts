/**
 * `npm run simulate`: plays worlds, and says whether the promises were kept in all of them. `--help`
 * says what it can be asked for; docs/simulation.md says what it means.
 */
import { main } from "./commands/commands.ts";

process.exitCode = await main(process.argv.slice(2));
