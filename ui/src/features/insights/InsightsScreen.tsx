// Throughput, spend and durations of a project, each chart with its table, all from the log at the instant looked at.
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { sessionsQuery } from "@/features/api/queries";
import type { Board, EventShape, Session } from "@/features/api/shapes";
import { spendOf } from "@/features/board/derive";
import { useBoard } from "@/features/board/useBoard";
import { COLUMNS } from "@/features/live/reducer";
import { book } from "@/features/log/book";
import { Here, useAt, useSearchAll, useSetSearch } from "@/features/nav/links";
import { type ProjectStory, useProjectStory } from "@/features/projects/story";
import { BarChart, RangeChart } from "@/ui/Chart";
import { useMoment, useNow } from "@/ui/clock";
import { ago, fine, hhmm, many, num, span, usd } from "@/ui/format";
import { Banner, Head, NotShown, Segments, Skeleton, Void } from "@/ui/Parts";
import { visible } from "@/ui/visible";
import { bucketsOf, doneAt, featureEvents, firstTry, ROLES, stagesOf } from "./figures";

const RANGES = [
  ["all", "All"],
  ["day", "24 h"],
  ["hour", "1 h"],
] as const;
const LONG: Record<string, number> = { day: 86_400_000, hour: 3_600_000 };
const TONES: Record<string, string> = {
  coder: "go",
  reviewer: "look",
  verifier: "merge",
  overseer: "wait",
  initializer: "cat-4",
};
const DEAR = 6;

const label = (from: number, width: number) => {
  const date = new Date(from);
  if (width >= 86_400_000)
    return date.toLocaleDateString("en-GB", { day: "numeric", month: "short" });
  return date.toLocaleTimeString("en-GB", {
    hour: "2-digit",
    minute: "2-digit",
    ...(width < 60_000 && { second: "2-digit" }),
  });
};

function Dearest({ board }: { board: Board }) {
  const sorted = COLUMNS.flatMap((name) => board.columns[name])
    .filter((card) => card.micro_usd)
    .sort((a, b) => (b.micro_usd ?? 0) - (a.micro_usd ?? 0));
  return (
    <section className="panel">
      <header>
        <h3>What cost most</h3>
      </header>
      <div className="in">
        {sorted.length === 0 && (
          <p className="muted">
            Nothing was metered. Agents of vendors are, scripted ones cost nothing.
          </p>
        )}
        <table>
          <tbody>
            {sorted.slice(0, DEAR).map((card) => (
              <tr key={card.id}>
                <td>
                  <Here search={{ feature: card.id }}>{visible(card.title)}</Here>
                </td>
                <td className="nowrap">
                  {card.tries ? (
                    <span className="chip">{many(card.tries, "try", "tries")}</span>
                  ) : (
                    ""
                  )}
                </td>
                <td className="num">{usd(card.micro_usd ?? 0)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

type Figures = {
  closed: EventShape[];
  features: EventShape[];
  sessions: readonly Session[];
  from: number;
  to: number;
};

function Kpis({ figures, total, done }: { figures: Figures; total: number; done: number }) {
  const { closed, features, sessions, from, to } = figures;
  const hours = Math.max(1 / 60, (to - from) / 3_600_000);
  const spend = spendOf(sessions);
  const tries = firstTry(features);
  const end = doneAt(done, total, from, to);
  return (
    <dl className="kpis">
      <div>
        <dt>Done</dt>
        <dd>
          {num(closed.length)}
          <small>{(closed.length / hours).toFixed(1)} an hour</small>
        </dd>
      </div>
      <div>
        <dt>Spend</dt>
        <dd>
          {spend === null ? "–" : usd(spend)}
          <small>
            {spend && closed.length > 0
              ? `${usd(spend / closed.length)} a feature`
              : spend === null
                ? "more sessions than were sent"
                : "nothing was metered"}
          </small>
        </dd>
      </div>
      <div>
        <dt>First try</dt>
        <dd>
          {tries.of > 0 ? `${Math.floor((tries.first / tries.of) * 100)} %` : "–"}
          <small>merged under their first claim</small>
        </dd>
      </div>
      <div>
        <dt>Sessions</dt>
        <dd>
          {num(sessions.length)}
          <small>
            {many(
              sessions.filter((one) => one.outcome && one.outcome !== "completed").length,
              "did not complete",
              "did not complete",
            )}
          </small>
        </dd>
      </div>
      <div>
        <dt>Done, at this pace</dt>
        <dd>
          {end === null ? "–" : hhmm(end)}
          <small>
            {end === null
              ? done >= total && total > 0
                ? "nothing is left"
                : "not known yet"
              : `in ${span(end - to)}, if nothing waits for you`}
          </small>
        </dd>
      </div>
    </dl>
  );
}

/** The figures of a range, up to the instant looked at. */
function useFigures(
  project: string,
  range: string,
  sessions: readonly Session[] | undefined,
  story: ProjectStory,
): Figures | null {
  const at = useAt();
  const { events } = book.use();
  const minute = Math.floor(useNow() / 60_000) * 60_000;
  return useMemo((): Figures | null => {
    if (!story.started) return null;
    const all = featureEvents(events, project).filter(
      (one) => typeof at !== "number" || one.position <= at,
    );
    const last = all.at(-1);
    const until =
      at === null
        ? story.completed
          ? Date.parse(story.completed.at)
          : minute + 60_000
        : last
          ? Date.parse(last.at)
          : minute;
    const from = Math.max(
      Date.parse(story.started),
      until - (LONG[range] ?? Number.POSITIVE_INFINITY),
    );
    const within = (when: string) => Date.parse(when) >= from;
    const features = all.filter((one) => within(one.at));
    return {
      closed: features.filter((one) => one.type === "feature.closed"),
      features,
      sessions: (sessions ?? []).filter((one) => within(one.assigned)),
      from,
      to: until,
    };
  }, [events, project, at, story, range, sessions, minute]);
}

export default function InsightsScreen({ project }: { project: string }) {
  const at = useAt();
  const search = useSearchAll();
  const set = useSetSearch();
  const now = useMoment();
  const { board, problem } = useBoard(project, at);
  const { data: sessions } = useQuery(sessionsQuery(project, at));
  const story = useProjectStory(project, at);
  const { events, after } = book.use();
  const range = RANGES.find(([name]) => name === search.range)?.[0] ?? "all";
  const figures = useFigures(project, range, sessions, story);
  if (problem && !board) return <NotShown detail={problem.detail} code={problem.code} />;
  if (!board) return <Skeleton lines={6} />;
  const { buckets, width } = figures
    ? bucketsOf(figures.closed, figures.sessions, figures.from, figures.to)
    : { buckets: [], width: 1 };
  const stages = figures ? stagesOf(figures.features) : [];
  const roles = ROLES.filter((role) => buckets.some((one) => one.spend[role]));
  const begun = events[0];
  const short =
    figures !== null &&
    after !== null &&
    after > 0 &&
    begun !== undefined &&
    Date.parse(begun.at) > figures.from;

  return (
    <>
      <Head
        title="Insights"
        actions={
          <Segments
            label="Range"
            value={range}
            options={RANGES}
            onChange={(value) => set({ range: value === "all" ? undefined : value }, true)}
          />
        }
      >
        {story.started ? `${project} was started ${ago(story.started, now)}.` : "Not started yet."}
      </Head>
      {short && (
        <Banner tone="wait">
          The log was read back to position {num((after ?? 0) + 1)}: what was before is not in these
          figures.
        </Banner>
      )}
      <div className="scroll">
        {!figures ? (
          <Void title="Nothing to count yet">
            Throughput, spend and durations come when the project was started.
          </Void>
        ) : (
          <>
            <Kpis figures={figures} total={board.project.total} done={board.project.closed} />
            <div className="charts">
              <BarChart
                title={`Done, by ${span(width)}`}
                label="Features done"
                bars={buckets.map((one) => ({
                  label: label(one.from, width),
                  values: [one.merged],
                }))}
                series={[{ name: "Done", tone: "done" }]}
                write={(value) => (Number.isInteger(value) ? num(value) : value.toFixed(1))}
              />
              {roles.length > 0 && (
                <BarChart
                  title={`Spend, by ${span(width)}`}
                  label="Spend by role"
                  bars={buckets.map((one) => ({
                    label: label(one.from, width),
                    values: roles.map((role) => one.spend[role] ?? 0),
                  }))}
                  series={roles.map((role) => ({ name: role, tone: TONES[role] ?? "quiet" }))}
                  write={usd}
                />
              )}
              <RangeChart
                title="How long each stage takes"
                note={<span className="tiny muted">median, and most of them</span>}
                ranges={stages.map((one) => ({ ...one, text: fine(one.middle) }))}
                write={fine}
              />
              <Dearest board={board} />
            </div>
          </>
        )}
      </div>
    </>
  );
}
