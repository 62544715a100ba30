// What a feature changes: of its merge, its submission, or the work secured so far, as the server has it.
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { asProblem } from "@/features/api/problem";
import { diffQuery } from "@/features/api/queries";
import type { At } from "@/features/api/shapes";
import { DiffView } from "@/ui/DiffView";
import { parseDiff } from "@/ui/diff";
import { Problem, Skeleton, Void } from "@/ui/Parts";
import { useRemarks } from "./useRemarks";

export default function DiffTab({ project, id, at }: { project: string; id: string; at: At }) {
  const isPast = at !== null;
  const { data, error } = useQuery({ ...diffQuery(project, id), enabled: !isPast });
  const diff = useMemo(() => (data === undefined ? null : parseDiff(data)), [data]);
  const notes = useRemarks(project, id, diff);
  if (isPast)
    return (
      <Void title="Only now">
        Its files are read from git as they are now. What it had handed in by then is in its story.
      </Void>
    );
  if (error) {
    const problem = asProblem(error);
    if (problem.status === 404) return <Void title="No work yet">{problem.detail}</Void>;
    return <Problem title="Not shown" detail={problem.detail} code={problem.code} />;
  }
  if (!diff) return <Skeleton lines={6} />;
  if (diff.files.length === 0)
    return (
      <Void title="Nothing is changed">{diff.rest.join(" ") || "Its work changes no file."}</Void>
    );
  return <DiffView diff={diff} notes={notes} />;
}
