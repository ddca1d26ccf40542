import { fileURLToPath } from "node:url";

/** The repository. */
export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Everything that the local tooling makes; ignored by git, safe to delete. */
export const LOCAL_FOLDER = `${ROOT}.local/`;

/** The outputs file of the `npm start` that is up, when it was not told another. */
export const LOCAL_OUTPUTS_FILE = `${LOCAL_FOLDER}outputs.json`;

/** The pinned Node's folder: first on the path of everything we start. */
export const PINNED_NODE_FOLDER = `${ROOT}node_modules/.bin`;
