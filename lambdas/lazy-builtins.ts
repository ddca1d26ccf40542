/**
 * Node's own modules that ingest needs once it has something to do. Loading them takes several times
 * as long as loading all of ingest, so they are not imported at the top of a file: an import there
 * would be paid before the entry file has run. `npm run bench -- ingest` shows the figures.
 */
export const builtins = {
  get buffer() {
    return process.getBuiltinModule("node:buffer");
  },
  get crypto() {
    return process.getBuiltinModule("node:crypto");
  },
  get http() {
    return process.getBuiltinModule("node:http");
  },
  get https() {
    return process.getBuiltinModule("node:https");
  },
  get net() {
    return process.getBuiltinModule("node:net");
  },
};

/** Loads them all, ahead of their first use. */
export function loadBuiltins(): void {
  Object.values(builtins);
}
