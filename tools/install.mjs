/**
 * Installs the locked packages when they are missing or older than the lock file, and says how far it is.
 * Runs before `npm start`, `npm test` and `npm run check`, on whatever Node is there (20 or later):
 * everything after it runs on the pinned Node that it brings.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** What `du` says of node_modules on Linux. The pinned Node, CDK and the linters are half of it. */
const INSTALLED_MB = 800;

/** Nobody takes a command that says something as often for one that hangs. */
const PROGRESS_MS = 3_000;

const root = fileURLToPath(new URL("..", import.meta.url));
const stamp = `${root}node_modules/.installed-lock`;
const lockText = readFileSync(`${root}package-lock.json`);
const lock = createHash("sha256").update(lockText).digest("hex");

const installed =
  existsSync(`${root}node_modules/.bin/node`) &&
  existsSync(stamp) &&
  readFileSync(stamp, "utf8") === lock;

if (!installed) {
  const folders = foldersOf(JSON.parse(lockText.toString()));
  console.log(
    `Installing the ${folders.length} locked packages into node_modules (npm ci), once. They take ${INSTALLED_MB} MB, and a minute or two …`,
  );
  const { status, why } = await install(folders);
  if (status !== 0) {
    console.error(`npm ci failed to install the packages (${why}). Is the npm registry reachable?`);
    process.exit(1);
  }
  writeFileSync(stamp, lock);
}

/**
 * @param {readonly string[]} folders
 * @returns {Promise<{ status: number | null, why: string }>}
 */
async function install(folders) {
  const started = Date.now();
  const progress = setInterval(() => {
    const there = folders.filter((folder) => existsSync(`${root}${folder}/package.json`)).length;
    const seconds = Math.round((Date.now() - started) / 1_000);
    console.log(`  ${there} of ${folders.length} packages, ${seconds} s`);
  }, PROGRESS_MS);
  // `--loglevel=error` hides EBADENGINE: the scripts run on the pinned Node, not on npm's.
  const npm = spawn("npm", ["ci", "--loglevel=error", "--no-audit", "--no-fund"], {
    cwd: root,
    stdio: "inherit",
  });
  try {
    return await new Promise((resolve) => {
      npm.on("error", ({ message }) => resolve({ status: null, why: message }));
      npm.on("close", (status, signal) =>
        resolve({ status, why: `it ended with ${status ?? signal}` }),
      );
    });
  } finally {
    clearInterval(progress);
  }
}

/**
 * Where the packages for this machine go.
 *
 * @param {{ packages: Record<string, { os?: string[], cpu?: string[] }> }} lockFile
 */
function foldersOf({ packages }) {
  return Object.entries(packages)
    .filter(
      ([folder, { os = [process.platform], cpu = [process.arch] }]) =>
        folder !== "" && os.includes(process.platform) && cpu.includes(process.arch),
    )
    .map(([folder]) => folder);
}
