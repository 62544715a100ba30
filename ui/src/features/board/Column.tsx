// A column: its count in its name, its cards, and what is said when there are none. Long ones draw only what is seen.
import { lazy, type ReactNode, Suspense } from "react";
import type { Card, ColumnName } from "@/features/api/shapes";
import { usd } from "@/ui/format";
import { COLUMN_NAMES } from "./derive";

const VIRTUAL_ABOVE = 60;
const load = () => import("./LongColumn");
const Long = lazy(load);

/** Loads it while the board is read: a long one is drawn at once then. */
export const prepareLong = () => void load();

type Props = {
  name: ColumnName;
  cards: readonly Card[];
  total: number;
  sum: number | null;
  shown: boolean;
  empty: ReactNode;
  more: ReactNode;
  render: (card: Card) => ReactNode;
};

export function Column({ name, cards, total, sum, shown, empty, more, render }: Props) {
  const label = `${COLUMN_NAMES[name]}, ${total}`;
  return (
    <section className={`col ${name} ${shown ? "show" : ""}`} aria-label={COLUMN_NAMES[name]}>
      <header>
        <h2>{COLUMN_NAMES[name]}</h2>
        <span className="ct">{total}</span>
        {sum ? <span className="sum">{usd(sum)}</span> : null}
      </header>
      {cards.length > VIRTUAL_ABOVE ? (
        <Suspense>
          <Long cards={cards} render={render} label={label} />
        </Suspense>
      ) : (
        <ul aria-label={label}>
          {cards.map((card) => (
            <li key={card.id}>{render(card)}</li>
          ))}
          {more && <li>{more}</li>}
          {cards.length === 0 && <li className="empty">{empty}</li>}
        </ul>
      )}
    </section>
  );
}
