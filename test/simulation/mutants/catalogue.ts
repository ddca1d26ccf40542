import { ALLOY_MUTANTS } from "./alloy.ts";
import { APART_MUTANTS } from "./apart.ts";
import { BOUNDARY_MUTANTS } from "./boundaries.ts";
import { CONSUMER_MUTANTS } from "./consumer.ts";
import { DECISION_MUTANTS } from "./decisions.ts";
import { END_MUTANTS } from "./ends.ts";
import { IAM_MUTANTS } from "./iam.ts";
import { IDEMPOTENCY_MUTANTS } from "./idempotency.ts";
import { INGEST_MUTANTS } from "./ingest.ts";
import { MATCHING_MUTANTS } from "./matching.ts";
import { TABLE_LIMIT_MUTANTS } from "./limits-of-the-table.ts";
import { INVESTIGATION_MUTANTS } from "./investigations.ts";
import { LINEAGE_MUTANTS } from "./lineage.ts";
import { LIMIT_MUTANTS } from "./limits.ts";
import type { Mutant, Mutants } from "./mutant.ts";
import { OVERSIZED_MUTANTS } from "./oversized.ts";
import { POLLER_MUTANTS } from "./poller.ts";
import { RECORD_LOCK_MUTANTS } from "./record-lock.ts";
import { RELEASED_MUTANTS } from "./released.ts";
import { REPAIR_MUTANTS } from "./repairs.ts";
import { SECOND_END_MUTANTS } from "./second-ends.ts";
import { SECURITY_MUTANTS } from "./security.ts";
import { SIDE_MUTANTS } from "./sides.ts";
import { STATE_MUTANTS } from "./state.ts";
import { UPKEEP_MUTANTS } from "./upkeep.ts";

/** Every planted bug. */
export const MUTANTS: readonly Mutant[] = [
  IDEMPOTENCY_MUTANTS,
  RECORD_LOCK_MUTANTS,
  STATE_MUTANTS,
  LINEAGE_MUTANTS,
  CONSUMER_MUTANTS,
  INGEST_MUTANTS,
  POLLER_MUTANTS,
  MATCHING_MUTANTS,
  OVERSIZED_MUTANTS,
  SECURITY_MUTANTS,
  IAM_MUTANTS,
  LIMIT_MUTANTS,
  TABLE_LIMIT_MUTANTS,
  BOUNDARY_MUTANTS,
  ALLOY_MUTANTS,
  END_MUTANTS,
  SECOND_END_MUTANTS,
  REPAIR_MUTANTS,
  SIDE_MUTANTS,
  RELEASED_MUTANTS,
  INVESTIGATION_MUTANTS,
  APART_MUTANTS,
  DECISION_MUTANTS,
  UPKEEP_MUTANTS,
].flatMap((mutants) =>
  Object.entries<Mutants[string]>(mutants).map(([id, mutant]) => ({ id, ...mutant })),
);
