// The board of a project: how far it is, what is looked for, and the features as columns, list or graph.
import { lazy, Suspense, useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { Board } from "@/features/api/shapes";
import { useKeys } from "@/features/keys/keys";
import { useCelebration } from "@/features/milestones/celebration";
import { useAt, useSearchAll, useSetSearch } from "@/features/nav/links";
import { RunButtons } from "@/features/projects/RunButtons";
import { type ProjectStory, useProjectStory } from "@/features/projects/story";
import { Button } from "@/ui/Button";
import { Chip } from "@/ui/Chip";
import { hhmm, num, usd } from "@/ui/format";
import { Head, NotShown, Skeleton } from "@/ui/Parts";
import { prepareLong } from "./Column";
import { Columns } from "./Columns";
import { Progress } from "./Progress";
import { categoriesOf, Tools } from "./Tools";
import { useBoard } from "./useBoard";

const AddFeature = lazy(() => import("./AddFeature"));
const Bulk = lazy(() => import("./Bulk"));
const Graph = lazy(() => import("./Graph"));
const Certificate = lazy(() => import("@/features/milestones/Certificate"));
const List = lazy(() => import("./List"));

const STATES: Record<string, string> = {
  running: "At work",
  draining: "Draining",
  stopped: "Stopped",
  completed: "Completed",
};

export const busyOf = (board: Board) =>
  board.project.busy ??
  board.slots.filter((slot) => slot.status !== "idle" && slot.status !== "quarantined").length;

function sentence(board: Board, story: ProjectStory): string {
  const { status, target } = board.project;
  const spend = board.project.micro_usd;
  const from = story.started;
  if (status === "stopped" && !from) return "Registered. Not started.";
  const at = status === "completed" ? story.completed?.at : from;
  const words = `${STATES[status] ?? status}${at ? `${status === "completed" ? " at" : " since"} ${hhmm(at)}` : ""}.`;
  const spent = spend ? `, ${usd(spend)} spent` : "";
  return status === "completed"
    ? `${words}${spend ? ` ${usd(spend)} spent.` : ""}`
    : `${words} ${num(busyOf(board))} of ${num(target)} slots busy${spent}.`;
}

/** Moving over the cards with J and K, choosing with X, and all up to one with shift. */
function useCardKeys(mark: (id: string) => void, markAll: (ids: readonly string[]) => void): void {
  const last = useRef<string | null>(null);
  const shown = () =>
    [...document.querySelectorAll<HTMLElement>(".card")].filter(
      (card) => card.offsetParent !== null,
    );
  const focused = () =>
    document.activeElement instanceof HTMLElement ? document.activeElement.dataset.id : undefined;
  const move = (by: number) => {
    const cards = shown();
    const at = cards.findIndex(
      (card) => card === document.activeElement || card.getAttribute("aria-current") === "true",
    );
    cards[Math.min(cards.length - 1, Math.max(0, at + by))]?.focus();
  };
  useKeys({
    j: () => move(1),
    k: () => move(-1),
    x: () => {
      const id = focused();
      if (!id) return;
      last.current = id;
      mark(id);
    },
    "shift+x": () => {
      const ids = shown().flatMap((card) => card.dataset.id ?? []);
      const [from, to] = [ids.indexOf(last.current ?? ""), ids.indexOf(focused() ?? "")];
      if (to < 0) return;
      last.current = ids[to] ?? null;
      markAll(ids.slice(Math.min(from < 0 ? to : from, to), Math.max(from, to) + 1));
    },
  });
}

export function BoardScreen({ project }: { project: string }) {
  const at = useAt();
  const search = useSearchAll();
  const set = useSetSearch();
  const { board, problem } = useBoard(project, at);
  const story = useProjectStory(project, at);
  const isPast = at !== null;
  const [marked, setMarked] = useState<ReadonlySet<string>>(new Set());
  const mark = useCallback((id: string) => {
    setMarked((before) => {
      const next = new Set(before);
      if (!next.delete(id)) next.add(id);
      return next;
    });
  }, []);
  useEffect(prepareLong, []);
  const categories = useMemo(() => categoriesOf(board), [board]);
  // What was chosen in one project, or now, is chosen nowhere else.
  // biome-ignore lint/correctness/useExhaustiveDependencies: these are what it is about
  useEffect(() => setMarked(new Set()), [project, isPast]);
  const celebration = useCelebration(
    project,
    isPast || board?.project.status !== "completed" ? undefined : story.completed?.position,
  );
  const markAll = useCallback(
    (ids: readonly string[]) => setMarked((before) => new Set([...before, ...ids])),
    [],
  );
  useCardKeys(isPast ? () => {} : mark, isPast ? () => {} : markAll);
  useKeys({
    n: isPast ? undefined : () => set({ add: true }),
    ...(marked.size > 0 && { escape: () => setMarked(new Set()) }),
  });

  if (problem && !board) return <NotShown detail={problem.detail} code={problem.code} />;
  if (!board) return <Skeleton lines={8} />;
  const view = search.view ?? "board";

  return (
    <>
      <Head
        className="boardhead"
        title={project}
        actions={
          isPast ? (
            <Chip tone="wait">Read only</Chip>
          ) : (
            <>
              <Button icon="plus" keys="N" className="add" onClick={() => set({ add: true })}>
                Add feature
              </Button>
              <RunButtons project={board.project} busy={busyOf(board)} />
            </>
          )
        }
      >
        {sentence(board, story)}
      </Head>
      <Progress project={project} board={board} story={story} at={at} />
      <Tools board={board} />
      <Suspense fallback={<Skeleton lines={8} />}>
        {!isPast && (
          <Bulk project={project} ids={[...marked]} onClear={() => setMarked(new Set())} />
        )}
        {view === "board" && (
          <Columns
            project={project}
            board={board}
            isPast={isPast}
            marked={marked}
            initializing={story.initializing !== null}
          />
        )}
        {view === "list" && <List board={board} marked={marked} onMark={isPast ? null : mark} />}
        {view === "graph" && <Graph project={project} board={board} at={at} />}
        {!isPast && (
          <Certificate
            board={board}
            story={story}
            open={celebration.open}
            onClose={celebration.close}
          />
        )}
        {!isPast && <AddFeature project={project} categories={categories} />}
      </Suspense>
    </>
  );
}
