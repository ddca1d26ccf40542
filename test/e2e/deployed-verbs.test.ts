import { driveOwnStack } from "./deployed/each-file.ts";
// First, while the stack is as nobody has used it: docs/ops.md shows what it finds.
import "./deployed/verbs.ts";
import "./deployed/documented-commands.ts";
import "./deployed/person.ts";

/* The operators' tool on a stack of its own, as the pages show it; and what it can do for a person. */
await driveOwnStack();
