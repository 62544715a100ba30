// The log: every event, newest first, with what each came from and led to beside it.
import { useVirtualizer } from "@tanstack/react-virtual";
import { memo, useEffect, useMemo, useRef, useState } from "react";
import type { EventShape } from "@/features/api/shapes";
import { useKeys } from "@/features/keys/keys";
import { live } from "@/features/live/state";
import { Here, useAt, useSearchAll, useSetSearch } from "@/features/nav/links";
import { AgentText } from "@/ui/AgentText";
import { Button } from "@/ui/Button";
import { Chip } from "@/ui/Chip";
import { Search } from "@/ui/Field";
import { hms, num, utc } from "@/ui/format";
import { Head, Segments, Skeleton } from "@/ui/Parts";
import { book } from "./book";
import { EventPanel, useChain } from "./EventPanel";
import { KINDS, type LogFilters, shown } from "./filter";
import { about, sentence, toneOf, who } from "./words";

const TONE: Record<string, string> = {
  done: "a-g",
  alarm: "a-r",
  wait: "a-y",
  look: "a-m",
  merge: "a-c",
  go: "a-b",
  "": "",
};

const Row = memo(function Row({
  event,
  selected,
  related,
  onChoose,
}: {
  event: EventShape;
  selected: boolean;
  related: boolean;
  onChoose: (position: number) => void;
}) {
  const subject = about(event);
  return (
    <div
      className={`event-row ${related ? "rel" : ""}`}
      role="option"
      aria-selected={selected}
      tabIndex={-1}
      id={`event-${event.position}`}
      onClick={() => onChoose(event.position)}
      onKeyDown={() => {}}
    >
      <span className="pos">{num(event.position)}</span>
      <time dateTime={event.at} title={utc(event.at)}>
        {hms(event.at)}
      </time>
      <span className={`ty cut ${TONE[toneOf(event)]}`}>{event.type}</span>
      <span className="what cut">
        <AgentText text={sentence(event)} />
        {subject && <span className="muted"> · {subject}</span>}
      </span>
      <span className="pr cut">
        <AgentText text={who(event.principal)} />
      </span>
      <span className="ca">{event.causation ? `← ${num(event.causation)}` : ""}</span>
    </div>
  );
});

/** New events at the top wait behind a button while somebody reads further down. */
function useSteady(
  events: readonly EventShape[],
  atTop: boolean,
  key: string,
): { list: readonly EventShape[]; waiting: number; take: () => void } {
  const [until, setUntil] = useState<{ position: number; key: string } | null>(null);
  const newest = events[0]?.position ?? 0;
  // biome-ignore lint/correctness/useExhaustiveDependencies: it holds from the moment that somebody scrolls down
  useEffect(() => setUntil(atTop ? null : { position: newest, key }), [atTop, key]);
  if (!until || until.key !== key) return { list: events, waiting: 0, take: () => {} };
  const list = events.filter((event) => event.position <= until.position);
  return {
    list,
    waiting: events.length - list.length,
    take: () => setUntil({ position: newest, key }),
  };
}

function Filters({ filters }: { filters: LogFilters }) {
  const set = useSetSearch();
  const extra = [
    ["stream", filters.stream],
    ["principal", filters.principal],
    ["correlation", filters.correlation],
  ].filter((one): one is [string, string] => typeof one[1] === "string");
  return (
    <div className="tools">
      <Search
        label="Search events"
        keys="/"
        value={filters.q ?? ""}
        onChange={(event) => set({ q: event.target.value }, true)}
      />
      <Segments
        className="scroll-x"
        label="Kind"
        value={
          (KINDS.find(([kind]) => kind === filters.type)?.[0] ?? "") as (typeof KINDS)[number][0]
        }
        options={KINDS}
        onChange={(type) => set({ type: type || undefined }, true)}
      />
      <label className="row small soft wide">
        <input
          type="checkbox"
          checked={!filters.all}
          onChange={(event) => set({ all: event.target.checked ? undefined : true }, true)}
        />{" "}
        Hide containers’ housekeeping
      </label>
      {extra.map(([name, value]) => (
        <Here
          key={name}
          className="btn sm"
          search={{ [name]: undefined }}
          title={`Remove: ${value}`}
        >
          {name === "correlation" ? "one story" : value} ×
        </Here>
      ))}
      <span className="grow" />
      <span className="tiny muted wide">
        <kbd>J</kbd> <kbd>K</kbd> move &nbsp; <kbd>←</kbd> cause &nbsp; <kbd>→</kbd> consequence
      </span>
    </div>
  );
}

function useMoves(list: readonly EventShape[], selected: number): void {
  const set = useSetSearch();
  const { causes, consequences } = useChain(selected);
  const choose = (event: EventShape | undefined) => event && set({ event: event.position }, true);
  const at = list.findIndex((event) => event.position <= selected);
  useKeys({
    j: () => choose(list[Math.min(list.length - 1, at + 1)]),
    k: () => choose(list[Math.max(0, at - 1)]),
    arrowleft: () => choose(causes.at(-1)),
    arrowright: () => choose(consequences[0]),
  });
}

function Ledger({
  list,
  selected,
  related,
  project,
  onTop,
}: {
  list: readonly EventShape[];
  selected: number;
  related: ReadonlySet<number>;
  project: string | null;
  onTop: (top: boolean) => void;
}) {
  const set = useSetSearch();
  const scroll = useRef<HTMLDivElement>(null);
  const choose = useRef((position: number) => set({ event: position }, true)).current;
  const virtual = useVirtualizer({
    count: list.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => 29,
    getItemKey: (at) => list[at]?.position ?? at,
    overscan: 12,
  });
  const at = list.findIndex((event) => event.position === selected);
  const go = virtual.scrollToIndex;
  useEffect(() => {
    if (at > 0) go(at, { align: "auto" });
  }, [at, go]);
  const scrolled = () => {
    const box = scroll.current;
    if (!box) return;
    onTop(box.scrollTop < 40);
    // Near the end of what was read, more of it is read.
    if (box.scrollHeight - box.scrollTop - box.clientHeight < 600) book.earlier();
  };

  return (
    <div className="ledger">
      <div
        className="list"
        role="listbox"
        aria-label="Events"
        tabIndex={0}
        ref={scroll}
        onScroll={scrolled}
        aria-activedescendant={at >= 0 ? `event-${selected}` : undefined}
      >
        <div className="virtual" role="presentation" style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map((item) => {
            const event = list[item.index];
            return (
              event && (
                <div
                  key={item.key}
                  role="presentation"
                  ref={virtual.measureElement}
                  data-index={item.index}
                  style={{ transform: `translateY(${item.start}px)` }}
                >
                  <Row
                    event={event}
                    selected={event.position === selected}
                    related={related.has(event.position)}
                    onChoose={choose}
                  />
                </div>
              )
            );
          })}
        </div>
        {list.length === 0 && (
          <p className="empty m-6">
            No event matches in what was read. Clear the search, or show every kind.
          </p>
        )}
      </div>
      <aside aria-label={`Event ${selected}`} tabIndex={0}>
        <EventPanel position={selected} project={project} />
      </aside>
    </div>
  );
}

export default function LogScreen({ project }: { project: string | null }) {
  const at = useAt();
  const search = useSearchAll();
  const { events, after, loading } = book.use();
  const { head } = live.use();
  const [atTop, setAtTop] = useState(true);
  const { q, type, stream, principal, correlation, all, event } = search;
  const filters = useMemo<LogFilters>(
    () => ({ q, type, stream, principal, correlation, all, event }),
    [q, type, stream, principal, correlation, all, event],
  );
  const found = useMemo(() => {
    const until = typeof at === "number" ? events.filter((one) => one.position <= at) : events;
    return shown(until, project, filters);
  }, [events, at, project, filters]);
  const { list, waiting, take } = useSteady(found, atTop, JSON.stringify([filters, at]));
  const selected = event ?? (typeof at === "number" ? at : list[0]?.position) ?? 0;
  const { causes, consequences } = useChain(selected);
  const related = useMemo(
    () => new Set([...causes, ...consequences].map((one) => one.position)),
    [causes, consequences],
  );
  useMoves(list, selected);

  return (
    <>
      <Head title="Log" actions={at !== null && <Chip tone="wait">Read only</Chip>}>
        {head === null
          ? ""
          : `${num(typeof at === "number" ? at : head)} events${at === null ? "" : " until here"}`}
        {project ? `, of which those of ${project} are shown.` : "."}{" "}
        {after ? `Read back to position ${num(after + 1)}${loading ? ", reading on." : "."}` : ""}
      </Head>
      <Filters filters={filters} />
      {waiting > 0 && (
        <div className="px-6 pb-2">
          <Button small onClick={take}>
            {num(waiting)} new
          </Button>
        </div>
      )}
      {after === null ? (
        <Skeleton lines={10} />
      ) : (
        <Ledger
          list={list}
          selected={selected}
          related={related}
          project={project}
          onTop={setAtTop}
        />
      )}
    </>
  );
}
