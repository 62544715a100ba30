// The run that the dock draws: counted by the server, read again when the feed says that something happened, and the
// part of it that is looked at closely.
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { streamQuery, timelineQuery } from "@/features/api/queries";
import { create } from "@/ui/store";
import { type Line, lineOf, NO_LINE, zoomed } from "./timeline";

/** The part that is looked at, in milliseconds; none is the whole run. It is of one project. */
const closely = create<{ project: string | null; part: [number, number] } | null>(null);

const written = (time: number) => new Date(time).toISOString();

export type Run = {
  line: Line;
  /** Every mark of the run, also where the dock shows a part of it. */
  marks: readonly { position: number }[];
  isPart: boolean;
  /** Longer or shorter around a share of the line. */
  zoom: (x: number, times: number) => void;
  whole: () => void;
};

export function useRun(project: string | null): Run {
  const seen = closely.use();
  const part = seen && seen.project === project ? seen.part : null;
  // What was before a project is no part of its run.
  const { data: own } = useQuery({
    ...streamQuery(`project-${project}`),
    enabled: project !== null,
  });
  const begin = own?.[0]?.position ?? null;
  const enabled = project === null || own !== undefined;
  const from = begin === null ? null : String(begin);
  const { data: all } = useQuery({ ...timelineQuery(project, { from, to: null }), enabled });
  const { data: close } = useQuery({
    ...timelineQuery(project, {
      from: part ? written(part[0]) : from,
      to: part ? written(part[1]) : null,
    }),
    enabled: enabled && part !== null,
  });
  const run = useMemo(() => (all ? lineOf(all) : NO_LINE), [all]);
  const line = useMemo(() => (part && close ? lineOf(close) : run), [part, close, run]);

  return useMemo(
    () => ({
      line,
      marks: all?.marks ?? [],
      isPart: part !== null,
      zoom: (x: number, times: number) => {
        const next = zoomed(line, run, x, times);
        // Below a second there is nothing more to see.
        if (next && next[1] - next[0] < 1_000) return;
        closely.set(next && { project, part: next });
      },
      whole: () => closely.set(null),
    }),
    [line, run, all, part, project],
  );
}
