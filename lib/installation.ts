import { fileURLToPath } from "node:url";

/** The folder that holds lib/: the repository, or dist/ of the npm package. */
export const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** Compiled, with its functions bundled: this is the npm package, and no clone of the repository. */
export const IS_PACKAGE = import.meta.url.endsWith(".js");

/** Where a person corrects the values of a stage. */
export const STAGES_FILE = IS_PACKAGE ? "the properties of AlloyJourneyWebhooks" : "lib/stages.ts";
