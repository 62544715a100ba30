// What a person would look for in the run of all projects: its newest marks, and the newest of each project, with the
// events behind them, so that they are told in the words of the log.
import { useQueries, useQuery } from "@tanstack/react-query";
import { eventQuery, timelineQuery } from "@/features/api/queries";
import type { At, EventShape, TimelineShape } from "@/features/api/shapes";

export type Mark = TimelineShape["marks"][number];

const LATELY = 7;
/** Projects whose newest mark is read; the rest have their word when something happens to them. */
const PROJECTS = 30;

/** The newest marks, the newest first, and the newest of each project. */
export function newest(
  marks: readonly Mark[],
  at: At,
): { lately: Mark[]; byProject: Map<string, Mark> } {
  const upTo = marks.filter(
    (mark) => at === null || (typeof at === "number" ? mark.position <= at : mark.at <= at),
  );
  const all = upTo.flatMap((mark) => (mark.project ? [[mark.project, mark] as const] : []));
  return { lately: upTo.slice(-LATELY).reverse(), byProject: new Map(all) };
}

export function useLately(at: At): {
  lately: { mark: Mark; event: EventShape | undefined }[];
  /** The event of a project's newest mark. */
  last: (project: string) => EventShape | undefined;
} {
  const { data } = useQuery(timelineQuery(null, { from: null, to: null }));
  const { lately, byProject } = newest(data?.marks ?? [], at);
  const wanted = new Set(
    [...lately, ...[...byProject.values()].slice(0, PROJECTS)].map((mark) => mark.position),
  );
  const read = useQueries({ queries: [...wanted].map(eventQuery) });
  const events = new Map(
    read.flatMap(({ data: event }) => (event ? [[event.position, event]] : [])),
  );
  return {
    lately: lately.map((mark) => ({ mark, event: events.get(mark.position) })),
    last: (project) => events.get(byProject.get(project)?.position ?? -1),
  };
}
