// The story of a feature, newest first: what happened, by whom, after what. Each line opens its event, and the board
// as it was at that instant.
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { streamQuery } from "@/features/api/queries";
import type { At, EventShape } from "@/features/api/shapes";
import { book } from "@/features/log/book";
import { sentence, toneOf, who } from "@/features/log/words";
import { Here, To } from "@/features/nav/links";
import { Why } from "@/features/why/Why";
import { AgentText, Quote } from "@/ui/AgentText";
import { hms, num } from "@/ui/format";
import { Icon } from "@/ui/icons";
import { Skeleton, Time } from "@/ui/Parts";
import { type Moment, Story } from "@/ui/Story";

type Verdict = {
  findings?: { path?: string | null; line?: number | null; why?: string }[];
  ran?: { command: string; exit: number }[];
};

export function VerdictText({ verdict }: { verdict: Verdict }) {
  const findings = verdict.findings ?? [];
  const ran = verdict.ran ?? [];
  return (
    <blockquote>
      {findings.length === 0 && "Nothing found. "}
      {findings.map((one, at) => (
        <p key={at}>
          {one.path && (
            <code>
              <AgentText text={`${one.path}${one.line ? `:${one.line}` : ""}`} />
            </code>
          )}{" "}
          <AgentText text={one.why ?? ""} />
        </p>
      ))}
      {ran.length > 0 && (
        <span className="muted">
          Ran{" "}
          {ran.map((one, at) => (
            <span key={at}>
              {at > 0 && ", "}
              <code>
                <AgentText text={one.command} />
              </code>{" "}
              → {one.exit}
            </span>
          ))}
          .
        </span>
      )}
    </blockquote>
  );
}

/** What an event says beside its sentence: questions, reasons, comments, verdicts. */
export function Said({ event }: { event: EventShape }) {
  const { type, data } = event;
  if (data.verdict) return <VerdictText verdict={data.verdict as Verdict} />;
  const text = {
    "feature.question_asked": data.question,
    "feature.commented": data.text,
    "feature.merge_rejected": data.detail,
    "feature.reopened": data.why,
    "trunk.change_refused": data.why,
  }[type];
  return typeof text === "string" && text ? <Quote text={text} /> : null;
}

/** The feature's own events, and those of the merge queue that are about it. */
export function storyEvents(
  own: readonly EventShape[],
  queue: readonly EventShape[],
  id: string,
  at: At,
): EventShape[] {
  const entries = new Set<unknown>();
  const about = queue.filter((event) => {
    if (!event.stream.startsWith("trunk-")) return false;
    const kind = event.data.kind as { feature?: string } | undefined;
    if (event.type === "trunk.queued" && kind?.feature === id) entries.add(event.data.entry);
    return (
      entries.has(event.data.entry) &&
      /queued|held|change_|dequeued|verified|verification_|advanced|parked/.test(event.type)
    );
  });
  const until = (event: EventShape) =>
    at === null || (typeof at === "number" ? event.position <= at : event.at <= at);
  return [...own, ...about].filter(until).sort((a, b) => b.position - a.position);
}

function Line({
  event,
  project,
  cause,
}: {
  event: EventShape;
  project: string;
  cause: EventShape | undefined;
}) {
  return (
    <>
      <Here
        search={{ at: event.position }}
        className="then"
        title="See the board at this instant"
        aria-label={`See the board at ${hms(event.at)}`}
      >
        <Icon name="clock" />
      </Here>
      <b className="font-medium">
        <AgentText text={sentence(event)} />
      </b>
      <Said event={event} />
      <div className="cause">
        <To path={`/p/${project}/log`} search={{ event: event.position }}>
          {num(event.position)}
        </To>{" "}
        by <AgentText text={who(event.principal)} />
        {event.causation !== null && event.causation !== undefined && (
          <>
            , after {num(event.causation)}
            {cause && (
              <>
                {" "}
                “<AgentText text={sentence(cause)} />”
              </>
            )}
          </>
        )}
      </div>
    </>
  );
}

export function useStory(project: string, id: string, at: At) {
  const { data } = useQuery(streamQuery(`feature-${project}/${id}`));
  const { events } = book.use();
  return useMemo(() => {
    const queue = events.filter((event) => event.stream === `trunk-${project}`);
    const known = new Map(events.map((event) => [event.position, event]));
    return { events: data ? storyEvents(data, queue, id, at) : undefined, known };
  }, [data, events, project, id, at]);
}

export function StoryTab({ project, id, at }: { project: string; id: string; at: At }) {
  const { events, known } = useStory(project, id, at);
  if (!events) return <Skeleton lines={6} />;
  const moments: Moment[] = events.map((event) => ({
    key: event.position,
    tone: toneOf(event),
    time: <Time at={event.at}>{hms(event.at)}</Time>,
    body: (
      <Line
        event={event}
        project={project}
        cause={event.causation ? known.get(event.causation) : undefined}
      />
    ),
  }));
  return (
    <>
      <Why project={project} about="feature" id={id} at={at} />
      <Story moments={moments} label="Story" />
    </>
  );
}
