import type { ConsumerSettings } from "../settings.ts";
import type { Subject } from "./work.ts";

/**
 * Whether configuration asks to drop it: an event type that is not handled, or a Journey that is not
 * accepted. What Alloy's documentation does not know is never dropped by its type.
 */
export function isIgnored(subject: Subject, settings: ConsumerSettings): boolean {
  const { kind } = subject;
  switch (kind) {
    case "journey-event":
      return (
        settings.ignoredEventTypes.includes(subject.event.type) ||
        !acceptsJourney(subject.event.journeyToken, settings)
      );
    case "submission":
      return !acceptsJourney(subject.submission.journeyToken, settings);
    case "correction":
      return !acceptsJourney(subject.correction.snapshot.journeyToken, settings);
    case "investigation":
    case "foreign-webhook":
      return false;
  }
}

/** What does not say its Journey is accepted: Alloy's own answer will say it. */
export function acceptsJourney(
  journeyToken: string | null,
  { journeys }: Pick<ConsumerSettings, "journeys">,
): boolean {
  return journeyToken === null || journeys.length === 0 || journeys.includes(journeyToken);
}
