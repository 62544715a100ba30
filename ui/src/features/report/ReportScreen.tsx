// The morning page: what happened while nobody looked, in the server's own sentences, each with the events that show it.
// It stands still while it is read: what comes meanwhile is counted, and told when that is asked for.
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { asProblem } from "@/features/api/problem";
import { reportQuery } from "@/features/api/queries";
import type { ProjectReport, Report, ReportSentence } from "@/features/api/shapes";
import { live } from "@/features/live/state";
import { Here, To, useAt, useSearchAll, useSetSearch } from "@/features/nav/links";
import { AgentText } from "@/ui/AgentText";
import { day, hhmm, many, num, usd } from "@/ui/format";
import { Banner, Head, NotShown, Segments, Skeleton, Time, Void } from "@/ui/Parts";
import { grouped, LOOKED, look, lookedUpTo, RANGES, rangeOf } from "./span";

function Told({ sentence, path }: { sentence: ReportSentence; path: string }) {
  const { feature, positions, more, command } = sentence;
  return (
    <li>
      <AgentText text={sentence.text} />{" "}
      <span className="muted tiny">
        {positions.map((position, n) => (
          <span key={position}>
            {n > 0 && ", "}
            <To path={path} search={{ event: position }}>
              {num(position)}
            </To>
          </span>
        ))}
        {more > 0 && ` and ${num(more)} more`}
        {feature && (
          <>
            {" · "}
            <Here search={{ feature }}>open it</Here>
          </>
        )}
      </span>
      {command && (
        <code className="mono small">
          <AgentText text={command} />
        </code>
      )}
    </li>
  );
}

function Groups({ sentences, path }: { sentences: readonly ReportSentence[]; path: string }) {
  return grouped(sentences).map(({ section, title, sentences: own }) => (
    <section key={section} className={`told ${section}`} aria-label={title}>
      <h2>
        {title} <small className="muted">{num(own.length)}</small>
      </h2>
      <ul>
        {own.map((sentence, n) => (
          <Told key={n} sentence={sentence} path={path} />
        ))}
      </ul>
    </section>
  ));
}

function Figures({ told }: { told: ProjectReport }) {
  const { figures, before, after } = told;
  const back = figures.review_rejected + figures.merge_rejected;
  const waits = told.sentences.filter((one) => one.section === "waits").length;
  const ended = Object.values(figures.sessions_ended).reduce((sum, n) => sum + n, 0);
  const { usage } = figures;
  const tokens = usage.input + usage.cache_read + usage.cache_write + usage.output;
  return (
    <dl className="kpis">
      <div>
        <dt>Merged</dt>
        <dd>
          {num(figures.merged)}
          <small>
            {after
              ? `${num(after.closed)} of ${num(after.total)} closed${before ? `, ${num(before.closed)} before` : ""}`
              : "the project is deleted"}
          </small>
        </dd>
      </div>
      <div>
        <dt>Needs you</dt>
        <dd>
          {num(waits)}
          <small>{waits === 0 ? "nothing waits" : "at the end"}</small>
        </dd>
      </div>
      <div>
        <dt>Sent back</dt>
        <dd>
          {num(back)}
          <small>
            {figures.quarantined > 0
              ? `${num(figures.quarantined)} quarantined`
              : "none quarantined"}
          </small>
        </dd>
      </div>
      <div>
        <dt>Sessions</dt>
        <dd>
          {num(figures.sessions_begun)}
          <small>{many(ended, "ended", "ended")}</small>
        </dd>
      </div>
      <div>
        <dt>Spend</dt>
        <dd>
          {usage.requests === 0 ? "–" : usd(usage.micro_usd)}
          <small>
            {usage.requests === 0
              ? "nothing was metered"
              : `${num(tokens)} tokens${usage.unpriced > 0 ? ", not all have a price" : ""}`}
          </small>
        </dd>
      </div>
    </dl>
  );
}

/** Where a report begins, in words. */
function Span({ report }: { report: Report }) {
  const { since, until } = report;
  return (
    <>
      {since ? (
        <>
          From{" "}
          <Time at={since}>
            {day(since)}, {hhmm(since)}
          </Time>{" "}
          to{" "}
        </>
      ) : (
        "From the beginning to "
      )}
      <Time at={until}>
        {since && day(since) === day(until) ? "" : `${day(until)}, `}
        {hhmm(until)}
      </Time>
      : {many(report.events, "event")}.
    </>
  );
}

/** Keeps how far somebody looked, when they look away. */
function useLooked(project: string, seen: number | null): number | undefined {
  const [before] = useState(() => lookedUpTo.get()[project]);
  const latest = useRef(seen);
  latest.current = seen;
  useEffect(() => {
    const keep = () => {
      if (latest.current !== null) look(project, latest.current);
    };
    const hidden = () => document.hidden && keep();
    document.addEventListener("visibilitychange", hidden);
    return () => {
      document.removeEventListener("visibilitychange", hidden);
      keep();
    };
  }, [project]);
  return before;
}

function Body({ project, report }: { project: string; report: Report }) {
  const told = report.projects.find((one) => one.project === project);
  const quiet = report.server.some((one) => one.kind === "nothing");
  return (
    <div className="scroll report">
      {told && <Figures told={told} />}
      {quiet && (
        <Void title="Nothing happened" art="half">
          {report.events === 0
            ? "No event was recorded in this time. A longer one may have something to tell."
            : `${many(report.events, "event was", "events were")} recorded, and none of them is told here. The log has each.`}
        </Void>
      )}
      {told && <Groups sentences={told.sentences} path={`/p/${project}/log`} />}
      {!quiet && <Groups sentences={report.server} path="/log" />}
    </div>
  );
}

export default function ReportScreen({ project }: { project: string }) {
  const at = useAt();
  const search = useSearchAll();
  const set = useSetSearch();
  const { head } = live.use();
  const [seen, setSeen] = useState<number | null>(null);
  const looked = useLooked(project, seen);
  const { since, chosen } = rangeOf(search.range, looked);
  const { data, error, refetch } = useQuery(reportQuery(project, since, at));
  const to = data?.to.position ?? null;
  useEffect(() => {
    if (at === null && to !== null) setSeen(to);
  }, [at, to]);

  if (error && !data) {
    const { detail, code } = asProblem(error);
    return <NotShown detail={detail} code={code} />;
  }
  const options =
    looked === undefined ? RANGES : ([[LOOKED, "Since I last looked"], ...RANGES] as const);
  const later = at === null && head !== null && to !== null ? head - to : 0;
  return (
    <>
      <Head
        title="Report"
        className="of-report"
        actions={
          <>
            <Segments
              label="Span"
              value={chosen}
              options={options}
              onChange={(value) => set({ range: value }, true)}
            />
            <button type="button" className="btn wide no-print" onClick={() => window.print()}>
              Print
            </button>
          </>
        }
      >
        {data ? <Span report={data} /> : "What happened while nobody looked."}
      </Head>
      {later > 0 && (
        <Banner
          tone="wait"
          action={
            <button type="button" className="btn" onClick={() => void refetch()}>
              Tell them too
            </button>
          }
        >
          {many(later, "event was", "events were")} recorded since, in all projects.
        </Banner>
      )}
      {data ? <Body project={project} report={data} /> : <Skeleton lines={6} />}
    </>
  );
}
