import { createRequire } from "node:module";
import type { closest, distance } from "fastest-levenshtein";

/** The candidate that `name` was most likely meant to be, or undefined when none is near. */
export function nearest(name: string, candidates: readonly string[]): string | undefined {
  if (candidates.length === 0) return undefined;
  // Loaded on the way to an error only: a rank pays for every module that it loads.
  const levenshtein: { closest: typeof closest; distance: typeof distance } = createRequire(import.meta.url)(
    "fastest-levenshtein",
  );
  const candidate = levenshtein.closest(name, candidates);
  const typos = levenshtein.distance(name, candidate);
  if (typos <= Math.max(2, Math.floor(candidate.length / 3)) && typos < candidate.length) return candidate;
  // The beginning of a longer name, with a typing error at most.
  const begins = (whole: string) =>
    [0, 1].some((more) => levenshtein.distance(name, whole.slice(0, name.length + more)) <= 1);
  return name.length >= 4 ? candidates.find(begins) : undefined;
}

/** " (did you mean X?)", or "" when nothing is near. */
export function didYouMean(name: string, candidates: readonly string[]): string {
  const candidate = nearest(name, candidates);
  return candidate === undefined ? "" : ` (did you mean ${candidate}?)`;
}
