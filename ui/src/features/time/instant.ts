// The instant that is looked at, and moves to another one. Entering the past pushes one step of history; moving in it
// replaces that, so that Back leaves it at once.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef } from "react";
import { asProblem } from "@/features/api/problem";
import { eventQuery, isOfPast, positionQuery } from "@/features/api/queries";
import type { EventShape } from "@/features/api/shapes";
import { live } from "@/features/live/state";
import { book } from "@/features/log/book";
import { useAt, useSetSearch } from "@/features/nav/links";
import { eventsOf, indexAt } from "./timeline";

export type Instant = {
  isPast: boolean;
  /** None now, and while the position of a time is asked for. */
  position: number | null;
  /** The event there, once it was read. */
  event: EventShape | null;
};

/** Where the page stands. */
export function useInstant(): Instant {
  const at = useAt();
  const position = typeof at === "number" ? at : null;
  const { data } = useQuery({ ...eventQuery(position ?? 0), enabled: position !== null });
  return useMemo(
    () => ({ isPast: at !== null, position, event: data ?? null }),
    [at, position, data],
  );
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

export type Seek = {
  to: (position: number | null) => void;
  /** What was wanted and not asked for yet is not wanted any more. */
  forget: () => void;
};

/** Moves as fast as states of the past come: one is asked for at a time, and of those wanted meanwhile the last. */
export function useSeek(): Seek {
  const queries = useQueryClient();
  const moveTo = useMoveTo();
  const wanted = useRef<{ position: number | null } | null>(null);
  const move = useRef(moveTo);
  move.current = moveTo;

  const next = useCallback(() => {
    const isBusy =
      queries.isFetching({ predicate: ({ queryKey }) => isOfPast(queryKey) }) > 0 &&
      wanted.current?.position !== null;
    if (!wanted.current || isBusy) return;
    const { position } = wanted.current;
    wanted.current = null;
    move.current(position);
  }, [queries]);

  useEffect(() => queries.getQueryCache().subscribe(() => queueMicrotask(next)), [queries, next]);
  return useMemo(
    () => ({
      to: (position: number | null) => {
        wanted.current = { position };
        next();
      },
      forget: () => {
        wanted.current = null;
      },
    }),
    [next],
  );
}

/** A step of so many events of the project from where one stands. What was not read is stepped by position. */
export function useStep(project: string | null): (by: number) => void {
  const at = useAt();
  const moveTo = useMoveTo();
  return useCallback(
    (by) => {
      const { events, after } = book.get();
      const mine = eventsOf(events, project);
      const from = typeof at === "number" ? at : (live.get().head ?? 1);
      const index = indexAt(mine, from);
      const isThere = mine[index]?.position === from;
      const next = mine[index + by + (by < 0 && !isThere ? 1 : 0)];
      const isKnown = after !== null && from > after;
      if (isKnown && next) return moveTo(next.position);
      moveTo(isKnown && by > 0 ? null : Math.max(1, from + by));
    },
    [at, project, moveTo],
  );
}

/** A time in the address becomes its position; says what is wrong with one that has none. */
export function useSettledInstant(): string | null {
  const at = useAt();
  const set = useSetSearch();
  const time = typeof at === "string" ? at : null;
  const { data, error } = useQuery({ ...positionQuery(time ?? ""), enabled: time !== null });
  useEffect(() => {
    if (time !== null && data) set({ at: Math.max(1, data.position) }, true);
  }, [time, data, set]);
  return time !== null && error ? asProblem(error).detail : null;
}
