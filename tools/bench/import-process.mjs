/**
 * One fresh process of the cold bench: imports a bundle, and prints the time on a processor that it took, in milliseconds.
 * Plain JavaScript, so that the process holds nothing but the bundle. Argument: the bundle.
 */
import { writeSync } from "node:fs";
import { pathToFileURL } from "node:url";

const url = pathToFileURL(process.argv[2]).href;
const before = process.cpuUsage();
await import(url);
const { user, system } = process.cpuUsage(before);
writeSync(1, String((user + system) / 1_000));
process.exit(0);
