// Which events are looked for, and what an event came from and led to. Pure.
import type { EventShape } from "@/features/api/shapes";
import { streamOf } from "@/features/live/streams";
import { about, isNoise, sentence } from "./words";

export type LogFilters = {
  q?: string;
  type?: string;
  stream?: string;
  principal?: string;
  correlation?: string;
  all?: true;
  event?: number;
};

export const KINDS = [
  ["", "All"],
  ["feature", "Features"],
  ["container", "Slots"],
  ["trunk", "Merge queue"],
  ["project", "Project"],
  ["node", "Server"],
] as const;

export function passes(event: EventShape, filters: LogFilters): boolean {
  const { type, stream, principal, correlation, all, q } = filters;
  if (type && !(event.type === type || event.type.startsWith(`${type}.`))) return false;
  if (stream && event.stream !== stream) return false;
  if (principal && event.principal !== principal) return false;
  if (correlation && event.correlation !== correlation) return false;
  if (!all && !stream && !correlation && isNoise(event) && event.position !== filters.event)
    return false;
  const words = (q ?? "").toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return true;
  const text =
    `${event.position} ${event.type} ${event.stream} ${sentence(event)} ${about(event)} ${event.principal}`.toLowerCase();
  return words.every((word) => text.includes(word));
}

/** The events of the log as they are shown: newest first. */
export function shown(
  events: readonly EventShape[],
  project: string | null,
  filters: LogFilters,
): EventShape[] {
  const found = events.filter(
    (event) =>
      (project === null ||
        streamOf(event.stream).project === project ||
        streamOf(event.stream).project === null) &&
      passes(event, filters),
  );
  return found.reverse();
}

/** What an event came from, the first cause first; as far as `known` reaches. */
export function causesOf(event: EventShape, known: ReadonlyMap<number, EventShape>): EventShape[] {
  const chain: EventShape[] = [];
  let next = event.causation;
  while (next !== null && next !== undefined && chain.length < 1000) {
    const cause = known.get(next);
    if (!cause) break;
    chain.unshift(cause);
    next = cause.causation;
  }
  return chain;
}

/** What an event led to directly. */
export function consequencesOf(position: number, events: readonly EventShape[]): EventShape[] {
  return events.filter((event) => event.causation === position);
}
