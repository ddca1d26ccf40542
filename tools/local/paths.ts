import { fileURLToPath } from "node:url";

/** The repository. */
export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Everything that the local tooling makes; ignored by git, safe to delete. */
export const LOCAL_FOLDER = `${ROOT}.local/`;

/** The pinned Node's folder: first on the path of everything we start. */
export const PINNED_NODE_FOLDER = `${ROOT}node_modules/.bin`;
