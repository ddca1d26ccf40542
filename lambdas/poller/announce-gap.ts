import { PermanentError } from "../domain/errors.ts";
import type { GapNotice, InvestigationGapNotice } from "../domain/routing/gap-notice.ts";
import type { Gap } from "../domain/reconciliation/gap.ts";
import type { GapAnnouncer } from "../domain/polling/polling-ports.ts";

/**
 * Announces a gap on the bus. If the bus does not accept the notice, the gap is kept, and the next check announces it.
 *
 * @param gap - as it is now; null: it is closed, or there was none.
 * @param options.mayBeForgotten - whether nothing is lost by a notice that the bus did not take.
 * @param options.onUnsent - called with the reason why the bus did not accept the notice.
 * @returns the gap as it is to be kept.
 * @throws TransientError when a notice that the bus did not take would be forgotten.
 */
export async function announceGap(
  notices: readonly (GapNotice | InvestigationGapNotice)[],
  gap: Gap | null,
  options: {
    readonly gaps: GapAnnouncer;
    readonly mayBeForgotten: boolean;
    readonly onUnsent: (reason: string) => void;
  },
): Promise<Gap | null> {
  try {
    if (notices.length > 0) await options.gaps.announce(notices);
  } catch (error) {
    if (!(error instanceof PermanentError) && !options.mayBeForgotten) throw error;
    options.onUnsent(error instanceof Error ? error.message : String(error));
    return gap === null ? null : { ...gap, isUntold: true };
  }
  if (gap === null) return null;
  const { isUntold: _, ...announced } = gap;
  return announced;
}
