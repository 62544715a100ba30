// What agents print: of one session at a time, with search, folds, links to lines, and the end followed.
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { asProblem } from "@/features/api/problem";
import { sessionsQuery } from "@/features/api/queries";
import type { Session } from "@/features/api/shapes";
import { outcomeTone } from "@/features/feature/SessionsTab";
import { useKeys } from "@/features/keys/keys";
import { Here, To, useAt, useSearchAll, useSetSearch } from "@/features/nav/links";
import { bare } from "@/ui/ansi";
import { Button } from "@/ui/Button";
import { Chip, Dot } from "@/ui/Chip";
import { useMoment } from "@/ui/clock";
import { Search, Select } from "@/ui/Field";
import { hms, num, since } from "@/ui/format";
import { Banner, Head, NotShown, Problem, Skeleton, Void } from "@/ui/Parts";
import { toast } from "@/ui/Toasts";
import Everywhere from "./Everywhere";
import { hitsOf, type Line, type Show, shows } from "./lines";
import { OutputLines } from "./OutputLines";
import { useTranscript } from "./useTranscript";

/** Which session is looked at: the one that is named, else the newest of the slot that is named, else the newest at work. */
export function chosen(
  sessions: readonly Session[],
  session: string | undefined,
  slot: number | undefined,
): Session | undefined {
  if (session) return sessions.find((one) => one.id === session);
  const of = slot === undefined ? sessions : sessions.filter((one) => one.n === slot);
  return of.find((one) => !one.ended) ?? of[0];
}

const SHOWS: readonly (readonly [Show, string])[] = [
  ["all", "Everything"],
  ["thoughts", "Thoughts"],
  ["tools", "Tools"],
  ["errors", "Errors and warnings"],
];

function saved(session: Session, lines: readonly Line[]): void {
  const url = URL.createObjectURL(
    new Blob([lines.map((line) => bare(line.text)).join("\n")], { type: "text/plain" }),
  );
  const link = document.createElement("a");
  link.href = url;
  link.download = `${session.project}-${session.id}.txt`;
  link.click();
  URL.revokeObjectURL(url);
}

function SlotTabs({ sessions, current }: { sessions: readonly Session[]; current: Session }) {
  const slots = [...new Set(sessions.map((one) => one.n))].sort((a, b) => a - b);
  return (
    <span className="seg scroll-x" role="group" aria-label="Slot">
      {slots.map((n) => {
        const newest = chosen(sessions, undefined, n);
        return (
          <Here
            key={n}
            search={{ slot: n, session: undefined, line: undefined }}
            aria-current={current.n === n ? "true" : undefined}
          >
            <Dot kind={newest?.ended ? "hollow" : "beat"} tone={newest?.ended ? "ink-3" : "go"} />
            <span className="wide">Slot</span> {n}
          </Here>
        );
      })}
    </span>
  );
}

function SessionPick({ sessions, current }: { sessions: readonly Session[]; current: Session }) {
  const set = useSetSearch();
  const of = sessions
    .filter((one) => one.n === current.n || one.feature === current.feature)
    .slice(0, 100);
  return (
    <Select
      label="Session"
      hideLabel
      value={current.id}
      onChange={(event) => set({ session: event.target.value, slot: undefined, line: undefined })}
    >
      {of.map((one) => (
        <option key={one.id} value={one.id}>
          {hms(one.assigned)} {one.role} {one.feature ?? ""}{" "}
          {one.ended ? (one.outcome ?? "") : "at work"}
        </option>
      ))}
    </Select>
  );
}

function About({ session, project }: { session: Session; project: string }) {
  const now = useMoment();
  return (
    <>
      {session.role.charAt(0).toUpperCase() + session.role.slice(1)} in slot {session.n}
      {session.feature && (
        <>
          {" "}
          on{" "}
          <To
            path={`/p/${project}/output`}
            search={{ session: session.id, feature: session.feature }}
            className="mono"
          >
            {session.feature}
          </To>
        </>
      )}
      , began {hms(session.began ?? session.assigned)}.{" "}
      <Chip tone={outcomeTone(session.outcome)}>
        {session.ended
          ? (session.outcome?.replaceAll("_", " ") ?? "ended")
          : `at work for ${since(session.assigned, now)}`}
      </Chip>
    </>
  );
}

function Finder({
  hits,
  hit,
  onHit,
}: {
  hits: readonly number[];
  hit: number;
  onHit: (hit: number) => void;
}) {
  if (hits.length === 0) return <span className="small soft">nothing found</span>;
  const go = (by: number) => onHit((hit + by + hits.length) % hits.length);
  return (
    <>
      <span className="small soft">
        {num(Math.min(hit + 1, hits.length))} of {num(hits.length)}
      </span>
      <Button small look="ghost" icon="up" aria-label="Previous hit" onClick={() => go(-1)} />
      <Button small look="ghost" icon="down" aria-label="Next hit" onClick={() => go(1)} />
    </>
  );
}

type BarProps = {
  session: Session;
  sessions: readonly Session[];
  show: Show;
  hits: readonly number[];
  hit: number;
  onHit: (hit: number) => void;
  follow: boolean;
  onFollow: (follow: boolean) => void;
};

function Bar({ session, sessions, show, hits, hit, onHit, follow, onFollow }: BarProps) {
  const search = useSearchAll();
  const set = useSetSearch();
  const wanted = search.q ?? "";
  return (
    <div className="tools">
      <SlotTabs sessions={sessions} current={session} />
      <SessionPick sessions={sessions} current={session} />
      <Search
        label="Find in output"
        keys="⌃F"
        value={wanted}
        onChange={(event) => {
          onHit(0);
          set({ q: event.target.value }, true);
        }}
        onKeyDown={(event) =>
          event.key === "Enter" &&
          hits.length > 0 &&
          onHit((hit + (event.shiftKey ? -1 : 1) + hits.length) % hits.length)
        }
      />
      {wanted && <Finder hits={hits} hit={hit} onHit={onHit} />}
      {wanted && (
        <Button
          small
          aria-pressed={search.mode === "everywhere"}
          onClick={() =>
            set({ mode: search.mode === "everywhere" ? undefined : "everywhere" }, true)
          }
        >
          Find in every session
        </Button>
      )}
      <Select
        label="What to show"
        hideLabel
        className="wide"
        value={show}
        onChange={(event) =>
          set({ show: event.target.value === "all" ? undefined : event.target.value }, true)
        }
      >
        {SHOWS.map(([name, text]) => (
          <option key={name} value={name}>
            {text}
          </option>
        ))}
      </Select>
      <span className="grow" />
      <Button
        look={follow ? "plain" : "first"}
        keys="F"
        aria-pressed={follow}
        onClick={() => onFollow(!follow)}
      >
        {follow ? "Following" : "Paused"}
      </Button>
    </div>
  );
}

function Viewer({
  project,
  session,
  sessions,
}: {
  project: string;
  session: Session;
  sessions: readonly Session[];
}) {
  const search = useSearchAll();
  const { data, error, refetch, isFetching } = useTranscript(session.id);
  const [follow, setFollow] = useState(search.line === undefined && !session.ended);
  const [hit, setHit] = useState(0);
  const show = SHOWS.find(([name]) => name === search.show)?.[0] ?? "all";
  const wanted = search.q ?? "";
  const lines = useMemo(
    () => (data?.lines ?? []).filter((line) => shows(line, show)),
    [data?.lines, show],
  );
  const hits = useMemo(() => hitsOf(lines, wanted), [lines, wanted]);
  useKeys({
    f: () => setFollow(!follow),
    "shift+d": () => void document.querySelector(".term")?.requestFullscreen?.(),
    "mod+f": () => document.querySelector<HTMLInputElement>("[data-search]")?.focus(),
  });
  const problem = error ? asProblem(error) : null;

  return (
    <>
      <Head
        title="Output"
        actions={
          <>
            {!session.ended && (
              <Button busy={isFetching} icon="again" onClick={() => void refetch()}>
                Read on
              </Button>
            )}
            <Button
              icon="copy"
              aria-label="Copy"
              title="Copy"
              onClick={() =>
                void navigator.clipboard
                  ?.writeText(lines.map((line) => bare(line.text)).join("\n"))
                  .then(() => toast("Copied."))
              }
            />
            <Button className="wide" onClick={() => saved(session, lines)}>
              Export
            </Button>
            <Button
              className="wide"
              keys="⇧D"
              onClick={() => void document.querySelector(".term")?.requestFullscreen?.()}
            >
              Full screen
            </Button>
          </>
        }
      >
        <About session={session} project={project} />
      </Head>
      <Bar
        session={session}
        sessions={sessions}
        show={show}
        hits={hits}
        hit={hit}
        onHit={setHit}
        follow={follow}
        onFollow={setFollow}
      />
      {search.mode === "everywhere" && wanted && <Everywhere project={project} find={wanted} />}
      {problem?.status === 404 && (
        <Void
          title="No such output"
          actions={
            <To className="btn" path={`/p/${project}/log`}>
              Its events
            </To>
          }
        >
          {problem.detail} What the session did is still in the log.
        </Void>
      )}
      {problem && problem.status !== 404 && (
        <Problem title="Not shown" detail={problem.detail} code={problem.code} />
      )}
      {!problem && !data && <Skeleton lines={8} />}
      {data && (
        <OutputLines
          key={session.id}
          lines={lines}
          wanted={wanted}
          current={
            wanted && hits.length > 0 ? (hits[Math.min(hit, hits.length - 1)] ?? null) : null
          }
          linked={search.line ?? null}
          follow={follow}
          onFollow={setFollow}
        />
      )}
    </>
  );
}

export default function OutputScreen({ project }: { project: string }) {
  const at = useAt();
  const search = useSearchAll();
  const { data, error } = useQuery(sessionsQuery(project, at));
  if (error) return <NotShown detail={asProblem(error).detail} code={asProblem(error).code} />;
  if (!data) return <Skeleton lines={8} />;
  const session = chosen(data, search.session, search.slot);
  if (!session) {
    return (
      <>
        <Head title="Output">What agents print comes here.</Head>
        <div className="scroll">
          <Void title={search.session ? "No such session" : "Nothing was printed yet"}>
            {search.session
              ? "It is not among the newest thousand sessions of this project."
              : "A session begins when the project is started and something is ready."}
          </Void>
        </div>
      </>
    );
  }
  return (
    <>
      {at !== null && (
        <Banner tone="wait">
          Output is shown as far as it was printed until now; when each line was printed is not
          known here.
        </Banner>
      )}
      <Viewer key={session.id} project={project} session={session} sessions={data} />
    </>
  );
}
