// The six columns. On a phone one of them, chosen above.
import { useMemo } from "react";
import type { Board, Card, ColumnName } from "@/features/api/shapes";
import { COLUMNS } from "@/features/live/reducer";
import { Here, useSearchAll } from "@/features/nav/links";
import { Refused } from "@/ui/Parts";
import { CardView } from "./CardView";
import { Column } from "./Column";
import { COLUMN_NAMES, type Filters, matches } from "./derive";
import { useDrag } from "./useDrag";

/** Of what is done, so many are shown; the list has the rest. */
const DONE_SHOWN = 14;

const EMPTY: Record<ColumnName, string> = {
  backlog: "Nothing is waiting. Add a feature with N, or paste a list.",
  in_progress: "Nobody is at work. A free slot takes the next card by itself.",
  review: "Nothing to review.",
  merging: "The merge queue is free.",
  done: "What is merged and read back from upstream comes here.",
  needs_you: "Nothing needs you. Questions, held changes and features set aside come here.",
};

type Props = {
  project: string;
  board: Board;
  isPast: boolean;
  marked: ReadonlySet<string>;
  initializing: boolean;
};

const sumOf = (cards: readonly Card[]) =>
  cards.reduce((sum, card) => sum + (card.micro_usd ?? 0), 0);

/** Newest first where the order of the queue means nothing any more. */
function shown(cards: readonly Card[], name: ColumnName): readonly Card[] {
  if (name !== "done") return cards;
  const at = (card: Card) => card.since ?? "";
  return [...cards].sort((a, b) => (at(a) < at(b) ? 1 : at(a) > at(b) ? -1 : 0));
}

export function Columns({ project, board, isPast, marked, initializing }: Props) {
  const search = useSearchAll();
  const { q, cat, holder, label, p, stale } = search;
  const filtered = useMemo(() => {
    const filters = { q, cat, holder, label, p, stale } as Filters;
    const keep = (name: ColumnName) => board.columns[name].filter((card) => matches(card, filters));
    return Object.fromEntries(COLUMNS.map((name) => [name, keep(name)])) as Record<
      ColumnName,
      Card[]
    >;
  }, [board.columns, q, cat, holder, label, p, stale]);

  const whole = filtered.backlog.length === board.columns.backlog.length;
  const drag = useDrag(project, board.columns.backlog, !isPast && whole);
  const current = COLUMNS.find((name) => name === search.col) ?? "in_progress";

  const render = (name: ColumnName) => (card: Card) => {
    const at = name === "backlog" ? drag.order.indexOf(card) : -1;
    return (
      <CardView
        card={card}
        column={name}
        selected={search.feature === card.id}
        marked={marked.has(card.id)}
        isPast={isPast}
        lifted={drag.lifted === card.id}
        {...(name === "backlog" ? drag.handlers(card.id, at) : {})}
      />
    );
  };

  return (
    <>
      <nav className="colpick phone-only" aria-label="Columns">
        {COLUMNS.map((name) => (
          <Here
            key={name}
            search={{ col: name }}
            replace
            aria-current={current === name ? "true" : undefined}
          >
            {COLUMN_NAMES[name]} <b>{filtered[name].length}</b>
          </Here>
        ))}
      </nav>
      <p className="sr" role="status">
        {drag.say}
      </p>
      {(drag.problem || drag.refused) && (
        <div className="px-6 pb-2">
          <Refused detail={drag.problem?.detail ?? drag.refused ?? ""} code={drag.problem?.code} />
        </div>
      )}
      <div className="cols">
        {COLUMNS.map((name) => {
          const all = name === "backlog" && whole ? drag.order : shown(filtered[name], name);
          const cards = name === "done" ? all.slice(0, DONE_SHOWN) : all;
          const rest = all.length - cards.length;
          return (
            // biome-ignore lint/a11y/noStaticElementInteractions: dropping here is refused in words; the keyboard cannot come here
            <div
              key={name}
              className="contents"
              onDragOver={(event) => event.preventDefault()}
              onDrop={name === "backlog" ? drag.drop : drag.elsewhere}
            >
              <Column
                name={name}
                cards={cards}
                total={all.length}
                sum={sumOf(all)}
                shown={current === name}
                empty={
                  name === "backlog" && initializing
                    ? "The initializer reads the spec and writes features. They come here as one batch, usually after five to ten minutes."
                    : EMPTY[name]
                }
                more={
                  rest > 0 ? (
                    <Here search={{ view: "list" }} className="small">
                      {rest} more
                    </Here>
                  ) : null
                }
                render={render(name)}
              />
            </div>
          );
        })}
      </div>
    </>
  );
}
