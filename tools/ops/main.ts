/**
 * `npm run ops -- <verb>`: the four things people do at night, and two looks.
 * It reads the stack's outputs, needs no configuration, and prints no body unless asked.
 */
import { parseArgs } from "node:util";

import { check } from "./check.ts";
import { listDeadLetters } from "./dead-letters.ts";
import { logs } from "./logs.ts";
import { OperatorError } from "./operator-error.ts";
import { redrive } from "./redrive.ts";
import { replay } from "./replay.ts";
import { show } from "./show.ts";
import { status } from "./status.ts";
import { connect } from "./stack.ts";

const USAGE = `Usage: npm run ops -- <verb> [options]

  show <application token or external id>   what is known of an application: state, events, failures
  check <application token>                 let the poller compare it with Alloy in its next run
  status                                    alarms, endpoint, queues and the last hour, with what good looks like
  logs <ingest | consumer | poller>         its warnings and errors
  dead-letters                              what is dead-lettered, and why (nothing is moved)
  redrive                                   move the dead letters back into the event queue
  replay <application token>                send its recorded events through the queue again

Options:
  --stage <name>        the stack AlloyJourneyWebhooks-<name> of your AWS account (default: sandbox)
  --outputs <file>      the stack that "npm start -- --outputs <file>" wrote, instead
  --event <event id>    replay: only this event
  --limit <n>           dead-letters: at most so many (default: 20)
  --per-second <n>      redrive: at most so many messages a second (default: as fast as SQS can)
  --hours <n>           logs: of so many hours (default: 1)
  --help
`;

try {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      stage: { type: "string", default: "sandbox" },
      outputs: { type: "string" },
      event: { type: "string" },
      limit: { type: "string", default: "20" },
      "per-second": { type: "string" },
      hours: { type: "string", default: "1" },
      help: { type: "boolean", default: false },
    },
  });
  const [verb, subject] = positionals;
  if (values.help || verb === undefined) {
    console.log(USAGE);
    process.exit(values.help ? 0 : 2);
  }
  const stack = () => connect({ stage: values.stage, outputsFile: values.outputs });
  switch (verb) {
    case "show": {
      const application = wanted(subject, "an application token or an external id");
      await show(await stack(), application);
      break;
    }
    case "check": {
      const application = wanted(subject, "an application token");
      await check(await stack(), application, Date.now());
      break;
    }
    case "status": {
      await status(await stack(), Date.now());
      break;
    }
    case "logs": {
      const name = wanted(subject, "a function: ingest, consumer or poller");
      const hours = positive("--hours", values.hours);
      await logs(await stack(), name, { hours, now: Date.now() });
      break;
    }
    case "dead-letters": {
      const limit = positive("--limit", values.limit);
      await listDeadLetters(await stack(), limit);
      break;
    }
    case "redrive": {
      const option = values["per-second"];
      const perSecond = option === undefined ? undefined : positive("--per-second", option);
      await redrive(await stack(), perSecond);
      break;
    }
    case "replay": {
      const application = wanted(subject, "an application token");
      await replay(await stack(), application, values.event);
      break;
    }
    default:
      throw new OperatorError(
        `There is no verb "${verb}": it is one of status, logs, show, check, dead-letters, redrive, replay.`,
      );
  }
} catch (error) {
  if (!(error instanceof Error)) throw error;
  console.error(error.message);
  process.exitCode = error instanceof OperatorError ? 1 : 2;
}

function wanted(subject: string | undefined, what: string): string {
  if (subject !== undefined) return subject;
  throw new OperatorError(`The verb needs ${what}: npm run ops -- --help shows how.`);
}

function positive(option: string, text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0) return number;
  throw new OperatorError(`${option} is "${text}"; it must be a whole number above 0.`);
}
