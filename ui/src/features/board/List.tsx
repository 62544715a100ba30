// The board as a list: everything, also what the columns leave out, sorted by any column, with sums below.
import { useVirtualizer } from "@tanstack/react-virtual";
import { useMemo, useRef } from "react";
import type { Board, Card } from "@/features/api/shapes";
import { COLUMNS } from "@/features/live/reducer";
import { Here, useSearchAll, useSetSearch } from "@/features/nav/links";
import { Category, Chip } from "@/ui/Chip";
import { useMoment } from "@/ui/clock";
import { num, since, usd } from "@/ui/format";
import { visible } from "@/ui/visible";
import { type Filters, matches, sorted, statusOf } from "./derive";

const HEADS = [
  ["id", "Feature", ""],
  ["title", "Title", ""],
  ["status", "State", ""],
  ["category", "Category", ""],
  ["priority", "P", "num"],
] as const;

function Heads() {
  const { sort } = useSearchAll();
  const set = useSetSearch();
  return (
    <tr>
      <th className="w-7">
        <span className="sr">Selected</span>
      </th>
      {HEADS.map(([field, text, kind]) => {
        const state = sort === field ? "ascending" : sort === `-${field}` ? "descending" : "none";
        return (
          <th key={field} className={kind} aria-sort={state}>
            <button
              type="button"
              className="sorter"
              onClick={() => set({ sort: sort === field ? `-${field}` : field }, true)}
            >
              {text} {state === "ascending" ? "↑" : state === "descending" ? "↓" : ""}
            </button>
          </th>
        );
      })}
      <th className="num">Tries</th>
      <th className="num">Spend</th>
      <th className="num">Since</th>
    </tr>
  );
}

type RowProps = {
  card: Card;
  now: number;
  marked: boolean;
  onMark: ((id: string) => void) | null;
};

function Row({ card, now, marked, onMark }: RowProps) {
  const at = card.since;
  const spend = card.micro_usd;
  const { said, tone } = statusOf(card.status);
  return (
    <tr>
      <td>
        {onMark && (
          <input
            type="checkbox"
            aria-label={`Select ${card.id}`}
            checked={marked}
            onChange={() => onMark(card.id)}
          />
        )}
      </td>
      <td className="mono nowrap">{card.id}</td>
      <td>
        <Here search={{ feature: card.id }}>{visible(card.title)}</Here>
      </td>
      <td>
        <Chip tone={tone}>{said}</Chip>
      </td>
      <td>
        <Category name={card.category} />
      </td>
      <td className="num">{card.priority}</td>
      <td className="num">{card.tries ?? 0}</td>
      <td className="num">{spend ? usd(spend) : "–"}</td>
      <td className="num muted nowrap">{at ? since(at, now) : "–"}</td>
    </tr>
  );
}

type Props = {
  board: Board;
  marked: ReadonlySet<string>;
  onMark: ((id: string) => void) | null;
};

export default function List({ board, marked, onMark }: Props) {
  const search = useSearchAll();
  const now = useMoment();
  const scroll = useRef<HTMLDivElement>(null);
  const cards = useMemo(() => {
    const all = [...COLUMNS].reverse().flatMap((name) => board.columns[name]);
    const found = all.filter((card) => matches(card, search as Filters));
    return search.sort ? sorted(found, search.sort) : found;
  }, [board.columns, search]);
  const virtual = useVirtualizer({
    count: cards.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => 38,
    getItemKey: (at) => cards[at]?.id ?? at,
    overscan: 12,
  });
  const items = virtual.getVirtualItems();
  const above = items[0]?.start ?? 0;
  const below = virtual.getTotalSize() - (items.at(-1)?.end ?? 0);
  const spend = cards.reduce((sum, card) => sum + (card.micro_usd ?? 0), 0);

  return (
    <div className="scroll" ref={scroll} tabIndex={0} role="region" aria-label="Features">
      <table className="feature-list">
        <thead>
          <Heads />
        </thead>
        <tbody>
          {above > 0 && <tr aria-hidden="true" style={{ height: above }} />}
          {items.map(({ index }) => {
            const card = cards[index];
            return (
              card && (
                <Row
                  key={card.id}
                  card={card}
                  now={now}
                  marked={marked.has(card.id)}
                  onMark={onMark}
                />
              )
            );
          })}
          {below > 0 && <tr aria-hidden="true" style={{ height: below }} />}
          <tr className="total">
            <td />
            <td colSpan={5}>{num(cards.length)} features</td>
            <td />
            <td className="num">{spend ? usd(spend) : "–"}</td>
            <td />
          </tr>
        </tbody>
      </table>
      {cards.length === 0 && (
        <p className="empty mt-4">No feature matches. Clear the search or the filters.</p>
      )}
    </div>
  );
}
