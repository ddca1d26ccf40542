/**
 * `npm run cost -- --webhooks 1000000 --applications 100000`: the monthly bill of a workload, from what
 * the real handlers are counted to do, times a dated price list. Ends with 1 above a budget.
 */
import { readOptions, USAGE } from "./options.ts";
import {
  asJson,
  asText,
  billFor,
  checkedBySecondCount,
  count,
  endsOf,
  MOST_DIFFERENCE,
  usd,
} from "./report.ts";

const options = readOptions(process.argv.slice(2));
switch (options.kind) {
  case "help":
    console.log(USAGE);
    break;
  case "wrong":
    console.error(options.sentence);
    console.error("npm run cost -- --help says what there is.");
    process.exitCode = 2;
    break;
  case "run": {
    const { workload, stage, json } = options;
    const counts = await count(stage);
    const bill = billFor(workload, counts);
    const ends = endsOf(counts);
    console.log(json ? asJson(bill, ends, stage.stage) : asText(bill, ends, stage.stage));
    const { difference, sentence } = await checkedBySecondCount(counts);
    if (!json) console.log(sentence);
    if (Math.abs(difference) > MOST_DIFFERENCE) {
      console.error(sentence);
      process.exitCode = 1;
    }
    for (const { what, perMillion, most } of ends) {
      if (perMillion <= most) continue;
      console.error(
        `Above the budget: ${usd(perMillion)} USD a million webhooks ${what}, wanted at most ${usd(most)}.`,
      );
      process.exitCode = 1;
    }
  }
}
