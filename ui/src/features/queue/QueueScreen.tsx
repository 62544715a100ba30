// The merge queue: what is verified and published next, what waits for somebody, what was published, and upstream.
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useAction } from "@/features/api/action";
import { asProblem } from "@/features/api/problem";
import { conflictsQuery, queueQuery, streamQuery } from "@/features/api/queries";
import type { Entry, MergeQueue } from "@/features/api/shapes";
import { writes } from "@/features/api/writes";
import { stageOf, titleOf } from "@/features/board/Progress";
import { PositionCell, TimeCell } from "@/features/nav/cells";
import { Here, useAt } from "@/features/nav/links";
import { AgentText } from "@/ui/AgentText";
import { Button } from "@/ui/Button";
import { Chip } from "@/ui/Chip";
import { useMoment } from "@/ui/clock";
import { hhmm, many, short, since, took } from "@/ui/format";
import { Banner, Head, NotShown, Refused, Skeleton, Void } from "@/ui/Parts";
import { visible } from "@/ui/visible";
import { EntryPanel } from "./EntryPanel";
import { historyOf, type Left, type Published, usualOf } from "./published";

const SHOWN = 50;
const STEPS = ["Built", "Verified", "Published", "Read back"] as const;
const REACHED: Record<string, number> = {
  queued: 0,
  built: 1,
  verifying: 1,
  verified: 2,
  publishing: 2,
};

function Pips({ stage }: { stage: string }) {
  const reached = REACHED[stage] ?? 0;
  return (
    <div className="pips">
      {STEPS.map((step, at) => (
        <span
          key={step}
          className={at < reached ? "ok" : at === reached && /ing$/.test(stage) ? "on" : ""}
        >
          {step}
        </span>
      ))}
    </div>
  );
}

function Row({ entry }: { entry: Entry }) {
  const now = useMoment();
  const stage = stageOf(entry.stage);
  const waits = entry.stage === "held" || entry.stage === "parked";
  return (
    <tr>
      <td className="mono">#{entry.entry}</td>
      <td>
        <Chip tone={stage.tone}>{stage.said}</Chip>
      </td>
      <td>
        <Here search={{ entry: entry.entry }}>{titleOf(entry)}</Here>
        {!waits && <Pips stage={entry.stage} />}
      </td>
      <td className="muted small">
        {waits && entry.protected.length > 0 ? (
          <AgentText text={entry.protected.join(", ")} />
        ) : entry.files.length > 0 ? (
          many(entry.files.length, "file")
        ) : (
          "–"
        )}
      </td>
      <td className="num nowrap">{entry.since ? since(entry.since, now) : "–"}</td>
      <td className="num">
        <Here search={{ entry: entry.entry }} className="btn sm">
          Look
        </Here>
      </td>
    </tr>
  );
}

function Entries({ queue, usual }: { queue: MergeQueue; usual: number | null }) {
  const all = [...queue.queue, ...queue.held, ...queue.parked] as Entry[];
  return (
    <div className="panel">
      <header>
        <h3>Queue</h3>
        <span className="small muted">
          {queue.batch > 1
            ? `the first ${queue.batch} are verified and published as one`
            : usual
              ? `a verification usually takes ${took(usual)}`
              : ""}
        </span>
      </header>
      {all.length === 0 ? (
        <p className="in soft">The merge queue is free. What passes review comes here by itself.</p>
      ) : (
        <div className="in">
          <table className="queue-table">
            <thead>
              <tr>
                <th>Entry</th>
                <th>Stage</th>
                <th>Feature</th>
                <th>Changes</th>
                <th className="num">Since</th>
                <th>
                  <span className="sr">Open</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {all.map((entry) => (
                <Row key={entry.entry} entry={entry} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </div>
  );
}

function TitleCell({ feature, title }: { feature: string | null; title: string }) {
  const shown = visible(title);
  return <td>{feature ? <Here search={{ feature }}>{shown}</Here> : shown}</td>;
}

function Done({ project, published }: { project: string; published: readonly Published[] }) {
  if (published.length === 0) return <p className="muted">Nothing was published yet.</p>;
  return (
    <table className="history">
      <tbody>
        {published.slice(0, SHOWN).map((one) => (
          <tr key={one.position}>
            <TimeCell at={one.at} shown={hhmm} narrow />
            <td className="mono w-24">{short(one.sha)}</td>
            <TitleCell feature={one.feature} title={one.title} />
            <td className="muted small">
              #{one.entry}
              {one.verifiedMs === null ? "" : `, verified in ${took(one.verifiedMs)}`}
            </td>
            <PositionCell position={one.position} project={project} />
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Gone({ project, left }: { project: string; left: readonly Left[] }) {
  if (left.length === 0) return null;
  return (
    <section>
      <h2 className="mt-6 mb-2">Left without being published</h2>
      <table>
        <tbody>
          {left.slice(0, SHOWN).map((one) => (
            <tr key={one.position}>
              <TimeCell at={one.at} shown={hhmm} narrow />
              <TitleCell feature={one.feature} title={one.title} />
              <td className="small soft">
                <AgentText text={one.why} />
              </td>
              <PositionCell position={one.position} project={project} />
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Conflicts({ project }: { project: string }) {
  const { data } = useQuery(conflictsQuery(project, useAt()));
  if (!data || data.length === 0) return null;
  return (
    <section>
      <h2 className="mt-6 mb-2">Collides under way</h2>
      <table>
        <tbody>
          {data.map((one) => (
            <tr key={one.feature}>
              <td>
                <Here search={{ feature: one.feature }} className="mono">
                  {one.feature}
                </Here>
              </td>
              <td className="small soft">
                <AgentText text={one.paths.join(", ")} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Acts({ project, trouble }: { project: string; trouble: boolean }) {
  const look = useAction(
    () => writes.fetchUpstream(project),
    () => "Upstream was looked at.",
  );
  const resume = useAction(
    () => writes.resumeQueue(project),
    () => "The merge queue goes on.",
  );
  const problem = look.problem ?? resume.problem;
  return (
    <>
      {problem && <Refused detail={problem.detail} code={problem.code} />}
      {trouble && (
        <Button look="first" busy={resume.busy} onClick={() => void resume.go(undefined)}>
          Resume
        </Button>
      )}
      <Button busy={look.busy} onClick={() => void look.go(undefined)}>
        Look at upstream now
      </Button>
    </>
  );
}

function Troubles({ queue }: { queue: MergeQueue }) {
  return (
    <>
      {queue.trouble && (
        <Banner tone="alarm">
          <b>Nothing is published now.</b> <AgentText text={queue.trouble} />
        </Banner>
      )}
      {queue.red && (
        <Banner tone="alarm">
          <b>The trunk is red without any work of ours</b> since {hhmm(queue.red.since)}: the
          verification of <code>{short(queue.red.head)}</code> ends with exit code {queue.red.exit}.
          {queue.red.tail && (
            <pre className="raw">
              <AgentText text={queue.red.tail} />
            </pre>
          )}
        </Banner>
      )}
      {queue.flaky.count > 0 && (
        <Banner tone="wait">
          {many(queue.flaky.count, "verification was", "verifications were")} red and then green on
          the same tree: something in it depends on chance.
        </Banner>
      )}
      {(queue.unverified?.length ?? 0) > 0 && (
        <Banner tone="wait">
          {many(queue.unverified?.length ?? 0, "merge was", "merges were")} published without any
          verification: no command is set.
        </Banner>
      )}
    </>
  );
}

export default function QueueScreen({ project }: { project: string }) {
  const at = useAt();
  const isPast = at !== null;
  const { data, error } = useQuery(queueQuery(project, at));
  const { data: events } = useQuery(streamQuery(`trunk-${project}`));
  const history = useMemo(
    () =>
      historyOf((events ?? []).filter((event) => typeof at !== "number" || event.position <= at)),
    [events, at],
  );
  if (error && !data) {
    const problem = asProblem(error);
    if (problem.status === 404 || problem.status === 409)
      return (
        <>
          <Head title="Merge queue">
            What is approved is published from here, one after another.
          </Head>
          <div className="scroll">
            <Void title="No merge queue yet">{problem.detail}</Void>
          </div>
        </>
      );
    return <NotShown detail={problem.detail} code={problem.code} />;
  }
  if (!data) return <Skeleton lines={6} />;
  const entries = [...data.queue, ...data.held, ...data.parked] as Entry[];

  return (
    <>
      <Head
        title="Merge queue"
        actions={
          isPast ? (
            <Chip tone="wait">Read only</Chip>
          ) : (
            <Acts project={project} trouble={data.trouble !== null} />
          )
        }
      >
        {data.branch ? (
          <>
            {data.branch} is at <code>{short(data.head)}</code>. One tree is verified at a time, and
            exactly that tree is published.
          </>
        ) : (
          "Upstream was not copied yet."
        )}
      </Head>
      <Troubles queue={data} />
      <div className="scroll">
        <Entries queue={data} usual={usualOf(history.published)} />
        <Conflicts project={project} />
        <h2 className="mt-6 mb-2">Published</h2>
        <Done project={project} published={history.published} />
        <Gone project={project} left={history.left} />
      </div>
      <EntryPanel project={project} entries={entries} at={at} />
    </>
  );
}
