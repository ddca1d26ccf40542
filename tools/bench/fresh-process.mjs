/**
 * One fresh process of the ingest bench: imports a bundle, sends it a first request and then warm ones,
 * and writes what that took to file descriptor 3, as JSON. Plain JavaScript, so that the process holds nothing
 * but the bundle: no type stripping, no module of Node that the bundle has not asked for.
 *
 * Arguments: the bundle, the file that holds the event, the number of warm requests.
 */
import { readFileSync, writeSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [bundle, eventFile, warmRequests] = process.argv.slice(2);
const event = JSON.parse(readFileSync(eventFile, "utf8"));
const context = {
  awsRequestId: "request",
  functionName: "ingest",
  getRemainingTimeInMillis: () => 3000,
};
const url = pathToFileURL(bundle).href;

const cpu = process.cpuUsage();
const started = performance.now();
const { handler } = await import(url);
const imported = performance.now();

// Lambda's runtime takes its first event in a turn of its own. What a bundle does in between counts.
await new Promise((resolve) => setImmediate(resolve));
const { statusCode } = await handler(event, context);
const answered = performance.now();
const { user, system } = process.cpuUsage(cpu);
const peakMemoryBytes = process.resourceUsage().maxRSS * 1024;

const warm = [];
for (let sent = 0; sent < Number(warmRequests); sent += 1) {
  const before = performance.now();
  await handler(event, context);
  warm.push(performance.now() - before);
}

writeSync(
  3,
  JSON.stringify({
    statusCode,
    importMs: imported - started,
    handledMs: answered - imported,
    cpuMs: (user + system) / 1_000,
    peakMemoryBytes,
    warm,
  }),
);
process.exit(0);
