// The sessions that worked on a feature, what each cost, and where their output is.
import type { Session } from "@/features/api/shapes";
import { To } from "@/features/nav/links";
import { Chip } from "@/ui/Chip";
import { hhmm, span, usd } from "@/ui/format";
import { Time, Void } from "@/ui/Parts";

const lasted = (one: Session) =>
  one.ended
    ? span(new Date(one.ended).getTime() - new Date(one.began ?? one.assigned).getTime())
    : "runs";

export const outcomeTone = (outcome: string | null | undefined) =>
  !outcome
    ? "go"
    : outcome === "completed"
      ? "done"
      : outcome === "stopped" || outcome === "given_back"
        ? ""
        : "wait";

export function SessionsTab({
  project,
  sessions,
  known,
}: {
  project: string;
  sessions: readonly Session[];
  known: boolean;
}) {
  if (!known)
    return <p className="muted">Which sessions there were at that instant is not known.</p>;
  if (sessions.length === 0)
    return <Void title="No session yet">A session begins when a slot claims it.</Void>;
  const sum = sessions.reduce((total, one) => total + one.usage.micro_usd, 0);
  return (
    <table>
      <thead>
        <tr>
          <th>Session</th>
          <th>Role</th>
          <th>Ended</th>
          <th>Began</th>
          <th className="num">Took</th>
          <th className="num">Spend</th>
        </tr>
      </thead>
      <tbody>
        {sessions.map((one) => (
          <tr key={one.id}>
            <td className="mono">
              <To path={`/p/${project}/output`} search={{ session: one.id }} title={one.id}>
                {one.id.slice(0, 8)}…
              </To>
            </td>
            <td>
              {one.role}
              {one.dialect && <span className="muted tiny"> {one.dialect}</span>}
            </td>
            <td>
              <Chip tone={outcomeTone(one.outcome)}>
                {one.oom ? "out of memory" : (one.outcome?.replaceAll("_", " ") ?? "at work")}
              </Chip>
            </td>
            <td>
              <Time at={one.assigned}>{hhmm(one.assigned)}</Time>
            </td>
            <td className="num nowrap">{lasted(one)}</td>
            <td className="num">{one.usage.micro_usd ? usd(one.usage.micro_usd) : "–"}</td>
          </tr>
        ))}
        <tr className="total">
          <td colSpan={5}>All sessions</td>
          <td className="num">{sum ? usd(sum) : "–"}</td>
        </tr>
      </tbody>
    </table>
  );
}
