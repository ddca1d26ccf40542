/** A word that is not written here any more. */
export interface BannedWord {
  /** Every form of it. `pushed out` also stands for `pushed-out` and for `pushedOut`. */
  readonly forms: readonly string[];
  readonly use: string;
  /** Published, stored or borrowed names that contain it and stay. */
  readonly kept?: readonly string[];
  /** Files, or folders that end with `/`, where it is not looked for. */
  readonly except?: readonly string[];
}

/** The words that are gone. Whoever renames something adds the old word. */
export const BANNED: readonly BannedWord[] = [
  { forms: ["whither"], use: "where" },
  { forms: ["whence"], use: "where … from" },
  { forms: ["thereof", "therein", "thereby", "thereupon", "hereby", "herewith"], use: "of it" },
  { forms: ["lest"], use: "so that … not" },
  { forms: ["naught", "nought"], use: "nothing" },
  { forms: ["standing stack", "standing stacks"], use: "running stack" },
  {
    forms: ["unheard"],
    use: "webhook never received",
    kept: ["TransitionsUnheard", "transitionsUnheard"],
  },
  {
    forms: ["twin", "twins"],
    use: "alias (the same event under another id), double (of AWS in memory)",
  },
  { forms: ["pushed out", "push out", "pushes out"], use: "rescheduled" },
  { forms: ["lane", "lanes"], use: "concurrency, worker", except: ["test/simulation/"] },
  { forms: ["futile", "futility"], use: "permanent" },
  {
    forms: ["excuse", "excuses", "excused"],
    use: "suppress, suppressor",
    kept: ["deployment-excuses"],
  },
  { forms: ["house"], use: "default, defaults", kept: ["house-style"] },
  {
    forms: ["foreign"],
    use: "unsupported (a webhook), external (JSON, text), other",
    kept: ["foreignObject"],
    except: ["test/simulation/"],
  },
  {
    forms: ["judge", "judges", "judged", "unjudged", "judgement"],
    use: "authorize, check",
    except: [
      "test/",
      "tools/cloudwatch/",
      "tools/strict-aws/",
      "tools/local/",
      "tools/in-process/",
      "docs/simulation.md",
      "docs/pitfalls.md",
    ],
  },
  { forms: ["keeper", "keepers"], use: "supervisor" },
  { forms: ["wish", "wishes"], use: "request" },
  { forms: ["happening", "happenings"], use: "progress log, occurrence" },
  {
    forms: [
      "untold",
      "as told",
      "telling",
      "tellings",
      "was told",
      "is told",
      "has told",
      "had told",
    ],
    use: "report, publish, notify",
    kept: ["isUntold", "poller.gap.untold"],
    except: [
      "test/",
      "tools/alloy-simulator/",
      "tools/local/",
      "tools/cloudwatch/",
      "docs/pitfalls.md",
    ],
  },
  {
    forms: ["plot", "plots"],
    use: "scenario",
    kept: ['numberOf("plot")'],
    except: ["tools/dashboard/"],
  },
  { forms: ["weather"], use: "fault schedule", kept: ['numberOf("weather")'] },
  { forms: ["calm"], use: "fault-free" },
  { forms: ["dice"], use: "random" },
  { forms: ["seam", "seams"], use: "fault point" },
  {
    forms: ["is asked for", "may be asked at"],
    use: "requested",
    except: ["test/", "docs/", "tools/alloy-simulator/"],
  },
  {
    forms: ["unremembered", "remembered", "remembering"],
    use: "needs an idempotency record; completion not saved",
    kept: ["consumer.event.unremembered"],
    except: ["test/"],
  },
  {
    forms: ["last call", "gives back", "give back", "given back", "giving back"],
    use: "deadline; retry",
    except: ["test/"],
  },
  { forms: ["collapse", "collapses", "collapsed"], use: "deduplicate, merge" },
  { forms: ["sibling"], use: "look-alike" },
];
