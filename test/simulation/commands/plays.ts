import { runGaps } from "../gaps/run-gaps.ts";
import { runSeeds } from "../play/run-seeds.ts";

/** What is played of many seeds, in shares: a thread is sent the name. */
export const PLAYS = { seeds: runSeeds, gaps: runGaps } as const;

export type Play = keyof typeof PLAYS;

/** What a seed comes to. */
export type TallyOf<Played extends Play> = Awaited<ReturnType<(typeof PLAYS)[Played]>>[number];
