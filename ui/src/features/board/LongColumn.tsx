// A column with many cards: only those that are seen are drawn, each as high as it is.
import { useVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, useRef } from "react";
import type { Card } from "@/features/api/shapes";

export default function LongColumn({
  cards,
  render,
  label,
}: {
  cards: readonly Card[];
  render: (card: Card) => ReactNode;
  label: string;
}) {
  const scroll = useRef<HTMLUListElement>(null);
  const virtual = useVirtualizer({
    count: cards.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => 104,
    getItemKey: (at) => cards[at]?.id ?? at,
    overscan: 6,
    gap: 7,
  });
  return (
    <ul ref={scroll} className="long" aria-label={label}>
      <li aria-hidden="true" style={{ height: virtual.getTotalSize() }} />
      {virtual.getVirtualItems().map((item) => {
        const card = cards[item.index];
        if (!card) return null;
        return (
          <li
            key={card.id}
            ref={virtual.measureElement}
            data-index={item.index}
            aria-setsize={cards.length}
            aria-posinset={item.index + 1}
            style={{ transform: `translateY(${item.start}px)` }}
          >
            {render(card)}
          </li>
        );
      })}
    </ul>
  );
}
