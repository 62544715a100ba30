// The board of an instant with what is derived for its cards.
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { type ApiError, asProblem } from "@/features/api/problem";
import { boardQuery, sessionsQuery } from "@/features/api/queries";
import type { At, Board, Session } from "@/features/api/shapes";
import { book } from "@/features/log/book";
import { type Stand, standsOf, type Work, workOf } from "./derive";

export type Derived = {
  work: ReadonlyMap<string, Work>;
  stands: ReadonlyMap<string, Stand>;
  sessions: ReadonlyMap<string, Session>;
  all: readonly Session[] | undefined;
};

export type Seen = { board: Board | undefined; problem: ApiError | null; derived: Derived };

/** Sessions and events up to an instant. */
export function useDerived(project: string, at: At): Derived {
  const { data } = useQuery(sessionsQuery(project, at));
  const { events } = book.use();
  return useMemo(() => {
    const until = typeof at === "number" ? events.filter((event) => event.position <= at) : events;
    return {
      work: workOf(data ?? []),
      stands: standsOf(until, project),
      sessions: new Map((data ?? []).map((one) => [one.id, one])),
      all: data,
    };
  }, [data, events, at, project]);
}

export function useBoard(project: string, at: At): Seen {
  const { data, error } = useQuery(boardQuery(project, at));
  const derived = useDerived(project, at);
  return { board: data, problem: error ? asProblem(error) : null, derived };
}
