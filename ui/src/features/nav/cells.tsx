// Cells that every table of events has: when it was, and where in the log it is.
import { num } from "@/ui/format";
import { Time } from "@/ui/Parts";
import { To } from "./links";

export function TimeCell({
  at,
  shown,
  narrow = false,
}: {
  at: string;
  shown: (at: string) => string;
  narrow?: boolean;
}) {
  return (
    <td className={narrow ? "muted w-16" : "muted"}>
      <Time at={at}>{shown(at)}</Time>
    </td>
  );
}

/** Leads to the event in the log of a project, or in that of all. */
export function PositionCell({
  position,
  project = null,
}: {
  position: number;
  project?: string | null;
}) {
  return (
    <td className="num">
      <To path={project === null ? "/log" : `/p/${project}/log`} search={{ event: position }}>
        {num(position)}
      </To>
    </td>
  );
}
