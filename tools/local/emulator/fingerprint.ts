import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/**
 * What the deployed stack is made from, beside the context: change one of these, and it is deployed again. The npm package
 * has bundles instead of the sources of the functions, and no lock file.
 */
const SOURCES = [
  "bin",
  "lib",
  "lambdas",
  "events",
  "bundles",
  "cdk.json",
  "package-lock.json",
  "tsconfig.json",
  "tools/local/emulator/requirements.txt",
];

/**
 * One hash over all that decides what a deployment looks like.
 *
 * @param root - the repository.
 * @param facts - what is not in a file: the context, the emulator, the runtime.
 */
export async function fingerprintOf(root: string, facts: unknown): Promise<string> {
  const hash = createHash("sha256").update(JSON.stringify(facts));
  for (const file of (await filesUnder(root, SOURCES)).toSorted()) {
    hash.update(`\0${file}\0`).update(await readFile(join(root, file)));
  }
  return hash.digest("hex");
}

async function filesUnder(root: string, names: readonly string[]): Promise<string[]> {
  const files: string[] = [];
  for (const name of names) {
    const entries = await readdir(join(root, name), { recursive: true, withFileTypes: true }).catch(
      (error: NodeJS.ErrnoException) => {
        if (error.code === "ENOTDIR") return null;
        if (error.code === "ENOENT") return [];
        throw error;
      },
    );
    if (entries === null) files.push(name);
    else {
      for (const entry of entries) {
        if (entry.isFile()) files.push(join(entry.parentPath, entry.name).slice(root.length));
      }
    }
  }
  return files;
}
