/**
 * Installs the locked packages when they are missing or older than the lock file.
 * Runs before `npm start`, `npm test` and `npm run check`, on whatever Node is there (20 or later):
 * everything after it runs on the pinned Node that it brings.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const stamp = `${root}node_modules/.installed-lock`;
const lock = createHash("sha256")
  .update(readFileSync(`${root}package-lock.json`))
  .digest("hex");

const installed =
  existsSync(`${root}node_modules/.bin/node`) &&
  existsSync(stamp) &&
  readFileSync(stamp, "utf8") === lock;

if (!installed) {
  console.log("Installing the locked packages (npm ci) …");
  // `--loglevel=error` hides EBADENGINE: the scripts run on the pinned Node, not on npm's.
  const npm = spawnSync("npm", ["ci", "--loglevel=error", "--no-audit", "--no-fund"], {
    cwd: root,
    stdio: "inherit",
  });
  if (npm.status !== 0) {
    const why = npm.error ? npm.error.message : `it ended with ${npm.status ?? npm.signal}`;
    console.error(`npm ci failed to install the packages (${why}). Is the npm registry reachable?`);
    process.exit(1);
  }
  writeFileSync(stamp, lock);
}
