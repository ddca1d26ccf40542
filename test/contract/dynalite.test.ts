import { startDynamoDb } from "../support/dynalite.ts";
import { describeDynamoLimits } from "./dynamo-limits.ts";

describeDynamoLimits("dynalite", startDynamoDb, [
  "an expression of more than 4 KB",
  "an expression with more than 300 operators",
  "a placeholder of more than 255 bytes",
  "an empty text as the key of an index, by a put",
  "an empty text as the key of an index, by an update",
  "an index's key of more than 2,048 bytes",
  "an attribute of more than 32 levels",
  "a key that is too long in bytes, not in characters",
  "the removal of what has such a key",
]);
