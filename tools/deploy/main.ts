/**
 * `npm run deploy`, `npm run diff`, `npm run synth`: the CDK CLI, behind a look at the command line, the stage, the
 * credentials and, before a deployment, the account (docs/deployment.md).
 */
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { STSClient } from "@aws-sdk/client-sts";
import { synthesise } from "../template/synthesise.ts";
import { makeScreen, processOutput } from "../terminal/screen.ts";
import { run } from "./run.ts";
import type { CdkSurroundings } from "./run.ts";

const require = createRequire(import.meta.url);
const cdkProgram = require.resolve("aws-cdk/bin/cdk");

process.exitCode = await run(process.argv.slice(2), {
  screen: makeScreen(processOutput()),
  templateOf: (stage) => synthesise(stage),
  regionOf,
  cdk,
});

/** As the CDK CLI finds it: the environment's, else the profile's. */
async function regionOf(profile: string | undefined): Promise<string | undefined> {
  // Of all clients, ours and the CLI's.
  if (profile !== undefined) process.env["AWS_PROFILE"] = profile;
  const { AWS_REGION: region, AWS_DEFAULT_REGION: defaultRegion } = process.env;
  if (region !== undefined || defaultRegion !== undefined) return region ?? defaultRegion;
  // The SDK reads the profile's, and throws when it has none.
  return new STSClient({}).config.region().catch(() => undefined);
}

function cdk(args: readonly string[], { region, isQuiet }: CdkSurroundings): Promise<number> {
  const child = spawn(process.execPath, [cdkProgram, ...args, "--no-notices"], {
    stdio: ["inherit", isQuiet ? 2 : "inherit", "inherit"],
    env: { ...process.env, ...(region !== undefined && { AWS_REGION: region }) },
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve(code ?? 1));
  });
}
