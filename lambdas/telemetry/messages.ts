import { INGEST_MESSAGES } from "./ingest-messages.ts";

/**
 * Every log message of the Lambdas: a code to search for, and its sentence.
 * Codes are `area.subject.outcome`. No sentence holds anything of a body, a header or a secret.
 */
export const MESSAGES = {
  ...INGEST_MESSAGES,
  "consumer.record.failed": "Processing of this record failed. SQS delivers it again.",
  "consumer.record.dead-lettered":
    "Processing of this record failed permanently. The record is now in the dead-letter queue.",
  "consumer.record.stuck":
    "This record failed permanently and could not be dead-lettered. SQS delivers it again.",
  "consumer.record.postponed":
    "The invocation had too little time left for this record. SQS delivers it again.",
  "consumer.record.cut-off":
    "A call for this record did not end before the deadline. SQS delivers it again.",
  "consumer.event.in-conflict":
    "Another invocation is processing this event. SQS delivers it again soon.",
  "consumer.event.unremembered":
    "The event was published, but its completion was not saved. SQS delivers it again, and it may be published twice.",
  "consumer.event.ignored":
    "The configuration drops this event, or a person had its application forgotten.",
  "consumer.event.unrecognised": "Alloy sent an event that its documentation does not describe.",
  "consumer.environment.mixed":
    "This event belongs to another environment than the stage. It is stored apart and not published.",
  "statement.day.made": "The statement of the day is signed and kept.",
  "poller.run.ended": "The poller ended a run.",
  "poller.lease.left":
    "A run could not end its lease. The next run claims each application before it checks it.",
  "poller.run.stopped":
    "This run stops calling Alloy. The next run starts with the remaining applications.",
  "poller.call.failed": "A call to Alloy's API failed. The field `cause` says how.",
  "poller.check.failed": "A check failed. The application is due again.",
  "poller.check.unanswered": "Alloy did not answer for this application. A later check asks again.",
  "poller.application.unknown":
    "Alloy does not know this application, or this account may not read it. A later check asks again.",
  "poller.application.status-unrecognised":
    "Alloy's answer has a status that its documentation does not describe. The rest of the answer is used.",
  "poller.end.left-open":
    "Alloy's answer has an undocumented status. Final events of this application are therefore not published.",
  "poller.application.other-environment":
    "Alloy says that this application belongs to another environment than the stage. The poller ignores it.",
  "poller.run.knows-nobody":
    "Alloy answered, but knew none of the applications of this run. No application is given up.",
  "poller.witness.unkept":
    "The last application that Alloy knew could not be read or written. This run gives up no application.",
  "poller.application.shared-ids":
    "Events in Alloy's list share one id but have different tokens. The first one takes effect. Alloy's answer corrects the state.",
  "poller.application.unreadable-events":
    "Alloy's event list has elements without a type or a time.",
  "poller.application.behind":
    "Alloy has events or a status of this application that we lack. The poller queued what it could.",
  "poller.investigation.behind":
    "Alloy has steps of this Investigation that we lack. The poller queued what it could.",
  "poller.investigation.state-unrecognised":
    "Alloy's list has an Investigation in a state that its documentation does not describe.",
  "poller.investigation.failed":
    "The comparison of an Investigation with Alloy's list failed. The next run tries again.",
  "poller.investigations.unlisted":
    "Alloy's list of Investigations could not be read. The next run tries again.",
  "poller.investigations.unread":
    "Alloy's list of Investigations has elements without an Investigation token.",
  "poller.envelope.refused":
    "A missing event or status could not be queued. A later check tries again.",
  "poller.gap.untold": "The bus did not accept the notice of a gap. The next check sends it again.",
  "poller.delivery.unreadable":
    "The metrics of API Gateway, ingest and the queue could not be read. Gap stages are guesses in this run.",
  "poller.outcomes.unreadable":
    "The outcome counts of an earlier window could not be read. Their rule is not evaluated in this run.",
  "poller.secret.unreadable":
    "The secret of Alloy's API could not be read. A cached secret stays in use.",
  "poller.secret.malformed":
    'The secret of Alloy\'s API is not {"token":"…","secret":"…"}. A cached secret stays in use.',
  "poller.secret.placeholder":
    "The secret of Alloy's API holds an example from the documentation, not a key. A cached secret stays in use.",
  "consumer.failure.unrecorded":
    "The failure record could not be written. The failure itself was handled.",
} as const;

export type MessageCode = keyof typeof MESSAGES;
