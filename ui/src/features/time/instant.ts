// The instant that is looked at, and moves to another one. Entering the past pushes one step of history; moving in it
// replaces that, so that Back leaves it at once.
import { useCallback, useEffect, useMemo } from "react";
import type { EventShape } from "@/features/api/shapes";
import { live } from "@/features/live/state";
import { book } from "@/features/log/book";
import { useAt, useSetSearch } from "@/features/nav/links";
import { eventsOf, indexAt, timeOf } from "./timeline";

/** The event at which the page stands, when it stands in the past and the event is known here. */
export function useInstant(project: string | null): {
  events: readonly EventShape[];
  index: number;
  isPast: boolean;
} {
  const at = useAt();
  const all = book.use().events;
  const events = useMemo(() => eventsOf(all, project), [all, project]);
  const index = useMemo(() => {
    if (at === null) return events.length - 1;
    if (typeof at === "number") return indexAt(events, at);
    const wanted = Date.parse(at);
    return events.findLastIndex((event) => timeOf(event) <= wanted);
  }, [at, events]);
  return { events, index, isPast: at !== null };
}

/** Moves to a position; the newest is now. */
export function useMoveTo(): (position: number | null) => void {
  const set = useSetSearch();
  const isPast = useAt() !== null;
  return useCallback(
    (position) => {
      const { head } = live.get();
      const now = position === null || (head !== null && position >= head);
      set(now ? { at: undefined } : { at: Math.max(1, position) }, isPast);
    },
    [set, isPast],
  );
}

/** A time in the address becomes its position as soon as that is known. */
export function useSettledInstant(project: string | null): void {
  const at = useAt();
  const set = useSetSearch();
  const { events, index } = useInstant(project);
  const position = events[index]?.position;
  useEffect(() => {
    if (typeof at === "string" && position !== undefined) set({ at: position }, true);
  }, [at, position, set]);
}
