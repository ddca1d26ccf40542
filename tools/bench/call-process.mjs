/**
 * One process of the bench of calls: makes calls one after the other, and prints the time on a processor that one of them took,
 * in microseconds. The first ones do not count. Arguments: a bundle with `call`, the calls that count.
 */
import { pathToFileURL } from "node:url";

const { call } = await import(pathToFileURL(process.argv[2]).href);
const count = Number(process.argv[3]);
for (let made = 0; made < count / 4; made += 1) await call();
const before = process.cpuUsage();
for (let made = 0; made < count; made += 1) await call();
const { user, system } = process.cpuUsage(before);
process.stdout.write(String((user + system) / count));
process.exit(0);
