/**
 * `node tools/launch.mjs <tool> …` runs `tools/<tool>/main.ts` on the pinned Node, and says in a sentence what is missing
 * when it cannot. Plain JavaScript, since it runs on whatever Node is there, 20 or later: with `ignore-scripts=true` npm
 * neither runs `prestart` nor lets the package `node` fetch its program.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const pinned = `${root}node_modules/.bin/node`;
const [tool = "", ...args] = process.argv.slice(2);
const main = `${root}tools/${tool}/main.ts`;

if (!existsSync(`${root}node_modules/node`)) await import("./install.mjs");

const { devDependencies } = JSON.parse(readFileSync(`${root}package.json`, "utf8"));
const wanted = devDependencies.node;

if (process.versions.node === wanted) {
  // npm has put the pinned Node first on the path: this one is it.
  process.argv.splice(1, 2, main);
  await import(main);
} else if (runs(pinned)) {
  // A Ctrl-C reaches the tool too, and it says when it has ended.
  process.on("SIGINT", () => {});
  const { status, signal } = spawnSync(pinned, [main, ...args], { stdio: "inherit" });
  if (signal !== null) process.kill(process.pid, signal);
  process.exitCode = status ?? 1;
} else {
  console.error(
    `This project needs its own Node ${wanted}; Node ${process.versions.node} cannot run it. npm installed the package "node" without its install script (ignore-scripts=true in .npmrc, or --ignore-scripts). Run: npm rebuild node --ignore-scripts=false`,
  );
  process.exitCode = 1;
}

/** @param {string} program */
function runs(program) {
  return existsSync(program) && spawnSync(program, ["--version"]).status === 0;
}
