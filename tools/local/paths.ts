import { dirname } from "node:path";
import { IS_PACKAGE, ROOT } from "../../lib/installation.ts";

/** Everything that the local tooling makes; ignored by git, safe to delete. */
export const LOCAL_FOLDER = IS_PACKAGE ? `${process.cwd()}/.local/` : `${ROOT}.local/`;

/** The outputs file of an `npm start` that was not told another: each process has its own, and takes away no other's. */
export function ownOutputsFile(pid: number): string {
  return `${LOCAL_FOLDER}outputs-${pid}.json`;
}

/** The process whose own outputs file this is; null for any other file. */
export function pidOfOutputsFile(name: string): number | null {
  const pid = /^outputs-(\d+)\.json$/.exec(name)?.[1];
  return pid === undefined ? null : Number(pid);
}

/** The pinned Node's folder: first on the path of everything we start. */
export const PINNED_NODE_FOLDER = IS_PACKAGE
  ? dirname(process.execPath)
  : `${ROOT}node_modules/.bin`;
