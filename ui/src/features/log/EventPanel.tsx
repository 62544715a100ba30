// One event: what it says, what it came from, what it led to, and how it is written.
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { asProblem } from "@/features/api/problem";
import { eventQuery, storyQuery } from "@/features/api/queries";
import type { EventShape } from "@/features/api/shapes";
import { streamOf } from "@/features/live/streams";
import { Here, To, useSetSearch } from "@/features/nav/links";
import { AgentText } from "@/ui/AgentText";
import { Chip } from "@/ui/Chip";
import { hms, num, utc } from "@/ui/format";
import { Icon } from "@/ui/icons";
import { Problem, Skeleton } from "@/ui/Parts";
import { book } from "./book";
import { causesOf, consequencesOf } from "./filter";
import { about, sentence, toneOf, who } from "./words";

const CONSEQUENCES_SHOWN = 12;

function Step({ event, me }: { event: EventShape; me?: boolean }) {
  const set = useSetSearch();
  return (
    <button
      type="button"
      className={me ? "me" : undefined}
      aria-current={me ? "true" : undefined}
      onClick={() => set({ event: event.position }, true)}
    >
      <span className="mono">{num(event.position)}</span>
      <span>
        <AgentText text={sentence(event)} />
        {about(event) && !me && <span className="muted"> · {about(event)}</span>}
      </span>
    </button>
  );
}

/** The event with causes and consequences: from the book, and from its whole story where that is older. */
export function useChain(position: number) {
  const { events } = book.use();
  const inBook = useMemo(
    () => events.find((event) => event.position === position),
    [events, position],
  );
  const { data: fetched, error } = useQuery({
    ...eventQuery(position),
    enabled: !inBook && position > 0,
  });
  const event = inBook ?? fetched;
  const { data: story } = useQuery({
    ...storyQuery(event?.correlation ?? ""),
    enabled: event !== undefined,
  });
  return useMemo(() => {
    const all = new Map([...(story ?? []), ...events].map((one) => [one.position, one]));
    return {
      event,
      error,
      causes: event ? causesOf(event, all) : [],
      consequences: consequencesOf(position, [...all.values()]).sort(
        (a, b) => a.position - b.position,
      ),
    };
  }, [event, error, story, events, position]);
}

/** The parts of an event in the order in which they are read. */
const PARTS = [
  "position",
  "stream",
  "version",
  "type",
  "schema",
  "at",
  "principal",
  "correlation",
  "causation",
  "command",
  "trace",
  "digest",
  "data",
] as const;

function Raw({ event }: { event: EventShape }) {
  const parts = Object.fromEntries(PARTS.map((part) => [part, event[part]]));
  return (
    <pre className="raw">
      <AgentText text={JSON.stringify(parts, null, 2)} />
    </pre>
  );
}

export function EventPanel({ position, project }: { position: number; project: string | null }) {
  const { event, error, causes, consequences } = useChain(position);
  if (error && !event)
    return (
      <Problem
        title="No such event"
        detail={asProblem(error).detail}
        code={asProblem(error).code}
      />
    );
  if (!event) return <Skeleton />;
  const { kind, project: of, id } = streamOf(event.stream);
  return (
    <>
      <div className="row">
        <span className="mono muted">{num(event.position)}</span>
        <Chip tone={toneOf(event)}>{event.type}</Chip>
      </div>
      <h2 className="my-2">
        <AgentText text={sentence(event)} />
      </h2>
      <p className="small soft mb-3">
        <time dateTime={event.at} title={utc(event.at)}>
          {hms(event.at)}
        </time>{" "}
        by <AgentText text={who(event.principal)} />
        {about(event) && `, ${about(event)}`}
      </p>
      <div className="row wrap mb-4">
        {of && (
          <To className="btn sm" path={`/p/${of}/board`} search={{ at: event.position }}>
            <Icon name="clock" />
            Board at this instant
          </To>
        )}
        {kind === "feature" && of && id && (
          <To className="btn sm" path={`/p/${of}/board`} search={{ feature: id }}>
            Open feature
          </To>
        )}
        <Here
          className="btn sm ghost"
          search={{ correlation: event.correlation, q: undefined, type: undefined }}
        >
          Its whole story
        </Here>
      </div>
      <h3>Because of</h3>
      <div className="chain">
        {causes.map((one) => (
          <Step key={one.position} event={one} />
        ))}
        <Step event={event} me />
      </div>
      <h3>Led to</h3>
      <div className="chain">
        {consequences.slice(0, CONSEQUENCES_SHOWN).map((one) => (
          <Step key={one.position} event={one} />
        ))}
        {consequences.length > CONSEQUENCES_SHOWN && (
          <p className="muted small pl-4">
            and {num(consequences.length - CONSEQUENCES_SHOWN)} more
          </p>
        )}
        {consequences.length === 0 && <p className="muted small pl-4">Nothing yet.</p>}
      </div>
      <h3>As written</h3>
      <Raw event={event} />
      {project === null && of && (
        <p className="small mt-3">
          <To path={`/p/${of}/log`} search={{ event: event.position }}>
            In the log of {of}
          </To>
        </p>
      )}
    </>
  );
}
