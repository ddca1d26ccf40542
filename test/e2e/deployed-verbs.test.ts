import { driveOwnStack } from "./deployed/each-file.ts";
// First, while the stack is as nobody has used it: docs/ops.md shows what it finds.
import "./deployed/verbs.ts";
import "./deployed/documented-commands.ts";
import "./deployed/person.ts";
import "./deployed/consumer-kit.ts";

/* The operators' tool on a stack of its own, as the pages show it; then what can be done for a person, and for a consumer. */
await driveOwnStack();
