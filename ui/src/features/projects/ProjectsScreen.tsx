// All projects on one page: what happened, how far each is, what needs somebody, how the server does.
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useAction } from "@/features/api/action";
import { asProblem } from "@/features/api/problem";
import { projectsQuery, statsQuery } from "@/features/api/queries";
import type { EventShape, Project } from "@/features/api/shapes";
import { writes } from "@/features/api/writes";
import { needsOf } from "@/features/frame/Side";
import { live } from "@/features/live/state";
import { streamOf } from "@/features/live/streams";
import { book } from "@/features/log/book";
import { about, sentence } from "@/features/log/words";
import { To, useAt } from "@/features/nav/links";
import { AgentText } from "@/ui/AgentText";
import { Button } from "@/ui/Button";
import { Chip, type Tone } from "@/ui/Chip";
import { useMoment } from "@/ui/clock";
import { ago, day, hhmm, many, num, percent, usd } from "@/ui/format";
import { Icon } from "@/ui/icons";
import { Head, NotShown, Refused, Skeleton, Time, Void } from "@/ui/Parts";
import { Story } from "@/ui/Story";
import { MiniTally } from "@/ui/Tally";
import { type Mark, useLately } from "./lately";
import { type Recap, recapOf, useLastSeen } from "./recap";

const STATES: Record<string, { said: string; tone: Tone }> = {
  running: { said: "At work", tone: "go" },
  draining: { said: "Draining", tone: "wait" },
  completed: { said: "Completed", tone: "done" },
  stopped: { said: "Stopped", tone: "" },
};

function stateOf(project: Project) {
  if (project.repository === "pending") return { said: "Cloning", tone: "go" as Tone };
  if (project.repository.startsWith("failed")) return { said: "Not cloned", tone: "alarm" as Tone };
  if (project.status === "stopped" && project.total === 0)
    return { said: "Not begun", tone: "" as Tone };
  return STATES[project.status] ?? { said: project.status, tone: "" as Tone };
}

/** The newest event of a project that says something. */
function lastOf(events: readonly EventShape[], name: string): EventShape | undefined {
  return events.findLast(
    (event) =>
      streamOf(event.stream).project === name &&
      /^(feature\.(closed|question_asked|quarantined|submitted|review_rejected)|project\.|trunk\.(halted|held|advanced))/.test(
        event.type,
      ),
  );
}

const newer = (a: EventShape | undefined, b: EventShape | undefined) =>
  !a || (b && b.position > a.position) ? b : a;

type RowProps = { project: Project; spend: number | null; last: EventShape | undefined };

function Row({ project, spend, last }: RowProps) {
  const { name, closed, total, status, target, needs } = project;
  const { said, tone } = stateOf(project);
  const working = status === "running" || status === "draining";
  const now = useMoment();
  return (
    <tr>
      <td>
        <h2>
          <To path={`/p/${name}/board`} className="plain">
            {name}
          </To>
        </h2>
        <Chip tone={tone} dot={working ? "beat" : "hollow"}>
          {said}
        </Chip>
      </td>
      <td className="w-24">
        <MiniTally share={total > 0 ? closed / total : 0} label={`${percent(closed, total)} %`} />
      </td>
      <td className="nowrap">
        <b>{percent(closed, total)} %</b>
        <br />
        <span className="muted small">{total > 0 ? `${num(closed)} of ${num(total)}` : "–"}</span>
      </td>
      <td className="small soft now">
        {last ? (
          <>
            <AgentText text={sentence(last)} />
            {about(last) && <span className="muted"> · {about(last)}</span>}{" "}
            <span className="muted nowrap">{ago(last.at, now)}</span>
          </>
        ) : (
          "–"
        )}
      </td>
      <td className="num">
        {working
          ? project.busy !== undefined
            ? `${project.busy} of ${target}`
            : num(target)
          : "–"}
      </td>
      <td className="num">{spend ? usd(spend) : "–"}</td>
      <td className="num">
        {needs.length > 0 ? (
          <To path="/needs-you" search={{ project: name }}>
            {needs.length}
          </To>
        ) : (
          "–"
        )}
      </td>
    </tr>
  );
}

function Table({
  projects,
  lastOf,
}: {
  projects: readonly Project[];
  lastOf: (name: string) => EventShape | undefined;
}) {
  const sum = projects.reduce((all, one) => all + (one.micro_usd ?? 0), 0);
  const closed = projects.reduce((sum, one) => sum + one.closed, 0);
  const total = projects.reduce((sum, one) => sum + one.total, 0);
  return (
    <table className="project-list">
      <thead>
        <tr>
          <th className="w-1/4">Project</th>
          <th>Progress</th>
          <th>
            <span className="sr">Figures</span>
          </th>
          <th>Last</th>
          <th className="num">Slots</th>
          <th className="num">Spend</th>
          <th className="num">Needs you</th>
        </tr>
      </thead>
      <tbody>
        {projects.map((one) => (
          <Row key={one.name} project={one} spend={one.micro_usd ?? null} last={lastOf(one.name)} />
        ))}
        <tr className="total wide">
          <td>All projects</td>
          <td />
          <td>
            {num(closed)} of {num(total)}
          </td>
          <td />
          <td className="num">
            {num(
              projects
                .filter((one) => one.status === "running" || one.status === "draining")
                .reduce((sum, one) => sum + one.target, 0),
            )}
          </td>
          <td className="num">{sum > 0 ? usd(sum) : "–"}</td>
          <td className="num">{needsOf(projects) || "–"}</td>
        </tr>
      </tbody>
    </table>
  );
}

function RecapText({ recap, needs }: { recap: Recap | null; needs: number }) {
  const need = needs > 0 && (
    <To path="/needs-you">
      {many(needs, "thing")} {needs === 1 ? "needs" : "need"} you.
    </To>
  );
  if (!recap) return need ? <p className="recap">{need}</p> : null;
  return (
    <p className="recap">
      Since you left at {hhmm(recap.from)},{" "}
      {recap.merged > 0 ? (
        <>
          <b>{many(recap.merged, "feature")}</b> {recap.merged === 1 ? "was" : "were"} done.
        </>
      ) : (
        "nothing was merged."
      )}{" "}
      {recap.milestones > 0 &&
        `${many(recap.milestones, "milestone")} ${recap.milestones === 1 ? "was" : "were"} overseen. `}
      {recap.restarts > 0 &&
        `The server restarted ${recap.restarts === 1 ? "once" : `${recap.restarts} times`} and went on by itself. `}
      {need}
    </p>
  );
}

const MARKS: Record<Mark["kind"], Tone> = {
  milestone: "done",
  incident: "alarm",
  needs: "wait",
  person: "",
};

/** What a person would look for, of the whole run up to the instant, in the words of the log. */
function Lately({ lately }: Pick<ReturnType<typeof useLately>, "lately">) {
  const told = lately.filter(({ event }) => event !== undefined);
  if (told.length === 0)
    return <p className="muted small">Milestones, incidents and decisions come here.</p>;
  return (
    <Story
      label="Lately"
      moments={told.map(({ mark, event }) => ({
        key: mark.position,
        tone: MARKS[mark.kind],
        time: <Time at={mark.at}>{hhmm(mark.at)}</Time>,
        body: (
          <>
            {event && <AgentText text={sentence(event)} />}{" "}
            <span className="muted">
              · {event && about(event) ? about(event) : (mark.project ?? "server")}
            </span>{" "}
            <To className="tiny" path="/log" search={{ event: mark.position }}>
              {num(mark.position)}
            </To>
          </>
        ),
      }))}
    />
  );
}

/** A link that signs another browser in, once. */
function SignInLink() {
  const action = useAction(
    async () => {
      const { path } = await writes.makeLink();
      await navigator.clipboard?.writeText(location.origin + path);
    },
    () => "Copied. It signs in once.",
  );
  return (
    <>
      <Button small busy={action.busy} onClick={() => void action.go(undefined)}>
        Copy a sign-in link
      </Button>
      {action.problem && <Refused detail={action.problem.detail} code={action.problem.code} />}
    </>
  );
}

function Server() {
  const { head } = live.use();
  const at = useAt();
  const { data } = useQuery(statsQuery(at));
  const upTo = typeof at === "number" ? at : head;
  const rows: [string, string][] = [
    ["Log", upTo === null ? "–" : `${num(upTo)} events`],
    ["Projects", data ? `${num(data.projects)}, ${num(data.running)} at work` : "–"],
    ["Features", data ? `${num(data.closed)} of ${num(data.features)} done` : "–"],
    ["Sessions", data ? `${num(data.sessions)} so far, ${num(data.at_work)} at work` : "–"],
  ];
  return (
    <table>
      <tbody>
        {rows.map(([name, value]) => (
          <tr key={name}>
            <td>{name}</td>
            <td className="num small soft">{value}</td>
          </tr>
        ))}
        {at === null && (
          <tr>
            <td>Another browser</td>
            <td className="num small">
              <SignInLink />
            </td>
          </tr>
        )}
        <tr>
          <td>Audit</td>
          <td className="num small">
            <To path="/audit">Chain and seals</To>
          </td>
        </tr>
      </tbody>
    </table>
  );
}

function None() {
  return (
    <Void
      title="No project yet"
      actions={
        <To className="btn first" path="/new">
          New project
        </To>
      }
    >
      A project is a git repository and a spec. To watch scripted agents build something first,
      without a key or a network, run <code>supercargo try</code>.
    </Void>
  );
}

export function ProjectsScreen() {
  const at = useAt();
  const { data, error } = useQuery(projectsQuery(at));
  const { events } = book.use();
  const { lately, last } = useLately(at);
  const now = useMoment();
  const seen = useLastSeen();
  const shown = useMemo(
    () => (typeof at === "number" ? events.filter((event) => event.position <= at) : events),
    [events, at],
  );
  const recap = useMemo(
    () => (at === null && seen ? recapOf(events, seen) : null),
    [events, seen, at],
  );
  if (error && !data)
    return <NotShown detail={asProblem(error).detail} code={asProblem(error).code} />;

  return (
    <>
      <Head
        title="Projects"
        actions={
          at === null && (
            <To className="btn first" path="/new">
              <Icon name="plus" />
              New project
            </To>
          )
        }
      >
        {day(now)}, {hhmm(now)}
      </Head>
      <div className="scroll">
        <div className="overview">
          <RecapText recap={recap} needs={needsOf(data)} />
          {!data ? (
            <Skeleton lines={4} />
          ) : data.length === 0 ? (
            <None />
          ) : (
            <Table projects={data} lastOf={(name) => newer(lastOf(shown, name), last(name))} />
          )}
          <div className="two">
            <section>
              <h2 className="mb-2">Lately</h2>
              <Lately lately={lately} />
            </section>
            <section>
              <h2 className="mb-2">This server</h2>
              <Server />
            </section>
          </div>
        </div>
      </div>
    </>
  );
}
