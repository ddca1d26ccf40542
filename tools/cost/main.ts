/**
 * `npm run cost -- --webhooks 1000000 --applications 100000`: the monthly bill of a workload, from what
 * the real handlers are counted to do, times a dated price list. Ends with 1 above the budget.
 */
import { readOptions, USAGE } from "./options.ts";
import { asJson, asText, billFor, BUDGET, count, usd } from "./report.ts";

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
    const bill = billFor(workload, await count(stage, workload.batch));
    console.log(json ? asJson(bill, stage.stage) : asText(bill, stage.stage));
    const { perMillion } = bill.totals;
    if (perMillion > BUDGET) {
      console.error(
        `Above the budget: ${usd(perMillion)} USD a million webhooks, wanted at most ${usd(BUDGET)}.`,
      );
      process.exitCode = 1;
    }
  }
}
