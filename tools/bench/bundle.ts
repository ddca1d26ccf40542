import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

import { build } from "esbuild";

import { BUNDLE } from "../../lambdas/settings/names.ts";

/** A bundle as the stack would deploy it. */
export type Bundle = Readonly<Awaited<ReturnType<typeof bundle>>>;

/**
 * Bundles an entry file with the options of the deployed functions.
 *
 * @param entry - relative to the project's root.
 * @param alias - modules to replace, by name. @default - those of the deployed functions
 */
export async function bundle(
  entry: string,
  outfile: string,
  alias: Readonly<Record<string, string>> = BUNDLE.alias,
) {
  const root = fileURLToPath(new URL("../../", import.meta.url));
  const result = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: BUNDLE.target,
    minify: BUNDLE.minify,
    keepNames: BUNDLE.keepNames,
    sourcemap: BUNDLE.sourceMap,
    mainFields: [...BUNDLE.mainFields],
    alias: Object.fromEntries(Object.entries(alias).map(([name, file]) => [name, root + file])),
    metafile: true,
    write: true,
    logLevel: "warning",
  });
  const [output] = Object.values(result.metafile.outputs);
  if (output === undefined) throw new Error(`esbuild made nothing of ${entry}`);
  return {
    file: outfile,
    bytes: output.bytes,
    gzipBytes: gzipSync(readFileSync(outfile)).length,
    /** Source files in it. */
    modules: Object.keys(output.inputs).length,
    /** Other people's packages in it, by name, sorted. */
    packages: packagesOf(Object.keys(output.inputs)),
  };
}

function packagesOf(files: readonly string[]): string[] {
  const names = files.flatMap(
    (file) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1] ?? [],
  );
  return [...new Set(names)].sort();
}
