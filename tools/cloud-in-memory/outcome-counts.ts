import type { OutcomeCounts, Span } from "../../lambdas/domain/application/outcome-change.ts";
import type { OutcomeSubject } from "../../lambdas/settings/poller-settings.ts";

/** `OutcomeCounts` in memory: by what was noted, when. */
export class MemoryOutcomeCounts implements OutcomeCounts {
  readonly #noted: { readonly subject: OutcomeSubject; readonly at: number }[] = [];

  /** Notes that an application came to an outcome. @param at - epoch milliseconds. */
  note(subject: OutcomeSubject, at: number): void {
    this.#noted.push({ subject, at });
  }

  async total(subjects: readonly OutcomeSubject[], { from, to }: Span): Promise<number> {
    return this.#noted.filter(
      ({ subject, at }) =>
        at >= from &&
        at < to &&
        subjects.some(
          ({ outcome, journey }) => outcome === subject.outcome && journey === subject.journey,
        ),
    ).length;
  }
}
