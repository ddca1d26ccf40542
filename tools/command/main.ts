#!/usr/bin/env node
/**
 * `npx alloy-journey-webhooks <command>`, of the npm package. The commands run on the major version of Node that Lambda
 * runs; on an older one npm fetches it, once.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** As the repository's package.json pins it. */
const NODE = "24.21.0";

const COMMANDS: Readonly<
  Record<string, { readonly does: string; readonly onAnyNode?: true; run(): Promise<unknown> }>
> = {
  init: {
    does: "write an app of two stages into this folder",
    onAnyNode: true,
    run: () => import("./init.ts"),
  },
  start: {
    does: "run the whole receiver on this machine, against a simulated Alloy",
    run: () => import("../local/main.ts"),
  },
  ops: {
    does: "look into a stack, and put right what is wrong in it",
    run: () => import("../ops/main.ts"),
  },
  simulate: {
    does: "play stories into a consumer of the events, and say whether it acted once",
    run: () => import("../consumer-kit/main.ts"),
  },
  verify: {
    does: "the same as: ops verify",
    run: () => {
      process.argv.splice(2, 0, "verify");
      return import("../ops/main.ts");
    },
  },
};

const [name = "", ...args] = process.argv.slice(2);
const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;

if (command === undefined) {
  const lines = Object.entries(COMMANDS).map(([one, { does }]) => `  ${one.padEnd(10)}${does}`);
  const isHelp = ["", "help", "--help", "-h"].includes(name);
  const text = [
    ...(isHelp ? [] : [`There is no command ${JSON.stringify(name)}.`]),
    "npx alloy-journey-webhooks <command> [options]",
    ...lines,
    "Each command has --help.",
  ].join("\n");
  if (isHelp) console.log(text);
  else console.error(text);
  process.exitCode = isHelp ? 0 : 2;
} else if (command.onAnyNode === true || majorOf(process.versions.node) >= majorOf(NODE)) {
  process.argv.splice(2, 1);
  await command.run();
} else {
  onPinnedNode(name);
}

function majorOf(version: string): number {
  return Number(version.split(".")[0]);
}

/** npm keeps what it has fetched, and asks for nothing. */
function onPinnedNode(name: string): void {
  console.error(`This is Node ${process.versions.node}; npm runs "${name}" on Node ${NODE} …`);
  // A Ctrl-C reaches the command too, and it says when it has ended.
  process.on("SIGINT", () => {});
  const { status, signal, error } = spawnSync(
    "npm",
    [
      "exec",
      "--yes",
      "--ignore-scripts=false",
      `--package=node@${NODE}`,
      "--",
      "node",
      fileURLToPath(import.meta.url),
      name,
      ...args,
    ],
    { stdio: "inherit" },
  );
  if (error !== undefined) {
    console.error(`npm could not be run (${error.message}). Use Node ${NODE}.`);
  }
  if (signal !== null) process.kill(process.pid, signal);
  process.exitCode = status ?? 1;
}
