import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { IS_PACKAGE, ROOT } from "../../lib/installation.ts";

/** What a browser loads beside the page itself. */
export interface Shell {
  readonly script: string;
  readonly styles: string;
}

/** Files of the npm package, beside this one. */
export const SHELL_FILES = { script: "console.js", styles: "console.css" } as const;

/** The page's code: bundled in memory in a clone, and when it was published in the npm package. */
export async function shellOf(): Promise<Shell> {
  if (!IS_PACKAGE) return bundleShell();
  const read = (name: string) => readFile(new URL(name, import.meta.url), "utf8");
  return { script: await read(SHELL_FILES.script), styles: await read(SHELL_FILES.styles) };
}

/** Packages of which code is in the page. */
const BUNDLED = ["preact", "valibot"] as const;

async function licenceOf(name: string): Promise<string> {
  const folder = join(ROOT, "node_modules", name);
  const [file = ""] = (await readdir(folder)).filter((one) => /^licen[cs]e/i.test(one));
  const text = await readFile(join(folder, file), "utf8");
  return `/*! ${name}\n${text.replaceAll("*/", "* /").trim()}\n*/`;
}

/** Bundles it. esbuild is no dependency of the npm package. */
export async function bundleShell(): Promise<Shell> {
  const { build } = await import("esbuild");
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL("page/main.tsx", import.meta.url))],
    bundle: true,
    write: false,
    outdir: "console",
    format: "esm",
    target: "es2022",
    jsx: "automatic",
    jsxImportSource: "preact",
    minify: true,
    // What is published has the licences of what is in it.
    banner: { js: (await Promise.all(BUNDLED.map(licenceOf))).join("\n") },
    logLevel: "silent",
  });
  const textOf = (end: string) => outputFiles.find(({ path }) => path.endsWith(end))?.text ?? "";
  return { script: textOf(".js"), styles: textOf(".css") };
}
