// All that waits for a person, over all projects: the list, and beside it one thing with its reason and its next step.
import { useQueries, useQuery } from "@tanstack/react-query";
import { asProblem } from "@/features/api/problem";
import { boardQuery, projectsQuery, queueQuery } from "@/features/api/queries";
import type { Board, MergeQueue } from "@/features/api/shapes";
import { useKeys } from "@/features/keys/keys";
import { cardOf } from "@/features/live/reducer";
import { Here, useAt, useSearchAll, useSetSearch } from "@/features/nav/links";
import { Chip } from "@/ui/Chip";
import { useMoment } from "@/ui/clock";
import { many, since } from "@/ui/format";
import { Head, NotShown, Skeleton, Void } from "@/ui/Parts";
import { visible } from "@/ui/visible";
import { ItemDetail } from "./ItemDetail";
import { type Item, itemsOf, shortly } from "./items";

function Entry({ item, title, selected }: { item: Item; title: string; selected: boolean }) {
  const now = useMoment();
  return (
    <Here
      search={{ item: item.id }}
      className="inbox-item"
      aria-current={selected ? "true" : undefined}
    >
      <span className="top">
        <Chip tone={item.chip.tone}>{item.chip.said}</Chip>
        <span>{item.project}</span>
        {item.since && <time dateTime={item.since}>{since(item.since, now)}</time>}
      </span>
      <b>{visible(title)}</b>
      <span className="small soft lines">{visible(shortly(item))}</span>
    </Here>
  );
}

function useMoves(items: readonly Item[], selected: Item | undefined): void {
  const set = useSetSearch();
  const move = (by: number) => {
    const at = items.findIndex((one) => one.id === selected?.id);
    const next = items[Math.min(items.length - 1, Math.max(0, at + by))];
    if (next) set({ item: next.id }, true);
  };
  useKeys({ j: () => move(1), k: () => move(-1) });
}

/** Titles of what the items are about, from the boards and queues of their projects. */
function useTitles(items: readonly Item[], isPast: boolean): (item: Item) => string {
  const projects = [...new Set(items.map((one) => one.project))];
  const boards = useQueries({
    queries: projects.map((name) => ({ ...boardQuery(name), enabled: !isPast })),
  });
  const held = projects.filter((name) => items.some((one) => one.project === name && one.entry));
  const queues = useQueries({
    queries: held.map((name) => ({ ...queueQuery(name), enabled: !isPast })),
  });
  return (item) => {
    const board = boards[projects.indexOf(item.project)]?.data as Board | undefined;
    const queue = queues[held.indexOf(item.project)]?.data as MergeQueue | undefined;
    const entry = queue?.held.find((one) => one.entry === item.entry);
    const id = item.feature ?? entry?.feature;
    return (id && cardOf(board, id)?.card.title) || entry?.title || item.chip.said;
  };
}

/** What a screen reader is told when something new waits. */
function arrived(count: number): string {
  return count === 0
    ? "Nothing needs you."
    : `${many(count, "thing")} ${count === 1 ? "needs" : "need"} you.`;
}

export default function NeedsScreen() {
  const at = useAt();
  const search = useSearchAll();
  const { data, error } = useQuery(projectsQuery(at));
  const all = data ? itemsOf(data) : [];
  const items = all.filter(
    (one) =>
      (!search.project || one.project === search.project) &&
      (!search.kind || one.kind === search.kind),
  );
  const chosen = items.find((one) => one.id === search.item);
  const selected = chosen ?? items[0];
  const titleOf = useTitles(items, at !== null);
  useMoves(items, selected);
  if (error && !data)
    return <NotShown detail={asProblem(error).detail} code={asProblem(error).code} />;
  if (!data) return <Skeleton lines={5} />;

  return (
    <>
      <Head
        title="Needs you"
        actions={
          <span className="tiny muted wide">
            <kbd>J</kbd> <kbd>K</kbd> move &nbsp; <kbd>E</kbd> approve &nbsp; <kbd>R</kbd> send back
          </span>
        }
      >
        {items.length === 0
          ? "Nothing waits. The rest goes on without you."
          : `${many(items.length, "thing")} ${items.length === 1 ? "waits" : "wait"}. Everything else goes on without you.`}
        {search.project && (
          <>
            {" "}
            Only {search.project}.{" "}
            <Here search={{ project: undefined, kind: undefined }}>All projects</Here>
          </>
        )}
      </Head>
      <p className="sr" role="status">
        {arrived(items.length)}
      </p>
      {!selected ? (
        <div className="scroll">
          <Void title="Nothing needs you">
            Questions, held changes, features set aside and trouble with upstream come here. Nothing
            else interrupts.
          </Void>
        </div>
      ) : (
        <div className={`inbox ${chosen ? "open" : ""}`}>
          <nav className="list" aria-label="Waiting for you">
            {items.map((item) => (
              <Entry
                key={item.id}
                item={item}
                title={titleOf(item)}
                selected={item.id === selected.id}
              />
            ))}
            <p className="empty m-5">What you settle leaves this list and stays in the log.</p>
          </nav>
          <article className="inbox-detail" aria-label={selected.text}>
            <Here search={{ item: undefined }} className="phone-only small">
              Back to the list
            </Here>
            <ItemDetail key={selected.id} item={selected} isPast={at !== null} />
          </article>
        </div>
      )}
    </>
  );
}
