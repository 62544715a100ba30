// What waits for what, as a figure of links. Features without any dependency are counted and not drawn.
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { streamQuery } from "@/features/api/queries";
import type { At, Board, Card } from "@/features/api/shapes";
import { COLUMNS } from "@/features/live/reducer";
import { Here } from "@/features/nav/links";
import { many } from "@/ui/format";
import { Skeleton, Void } from "@/ui/Parts";
import { visible } from "@/ui/visible";
import { statusOf } from "./derive";
import { edgesOf, placesOf } from "./graph";

const [WIDE, HIGH, LEFT, DOWN] = [232, 42, 272, 58];

export default function Graph({ project, board, at }: { project: string; board: Board; at: At }) {
  const { data } = useQuery(streamQuery(`backlog-${project}`));
  const cards = useMemo(
    () => new Map(COLUMNS.flatMap((name) => board.columns[name]).map((card) => [card.id, card])),
    [board],
  );
  const { edges, places } = useMemo(() => {
    const until = (data ?? []).filter((event) => typeof at !== "number" || event.position <= at);
    const found = edgesOf(until).filter((edge) => cards.has(edge.feature) && cards.has(edge.on));
    return { edges: found, places: placesOf(found) };
  }, [data, at, cards]);
  if (!data) return <Skeleton lines={6} />;
  if (places.length === 0) {
    return (
      <div className="scroll">
        <Void title="Nothing waits for anything">
          A feature can wait for others: open it and name them under Request.
        </Void>
      </div>
    );
  }
  const at2 = new Map(
    places.map((one) => [one.id, { x: 8 + one.level * LEFT, y: 10 + one.row * DOWN }]),
  );
  const width = Math.max(...places.map((one) => one.level)) * LEFT + WIDE + 16;
  const height = Math.max(...places.map((one) => one.row)) * DOWN + HIGH + 24;
  const alone = cards.size - places.length;

  return (
    <div className="scroll" tabIndex={0} role="region" aria-label="Graph">
      <p className="small muted mb-2">
        {many(alone, "feature")} {alone === 1 ? "waits" : "wait"} for nothing and{" "}
        {alone === 1 ? "holds" : "hold"} up nothing; {alone === 1 ? "it is" : "they are"} not drawn.
      </p>
      <div className="graph" style={{ width, height }}>
        <svg viewBox={`0 0 ${width} ${height}`} width={width} height={height} aria-hidden="true">
          {edges.map(({ feature, on }) => {
            const [a, b] = [at2.get(on), at2.get(feature)];
            if (!a || !b) return null;
            const done = cards.get(on)?.status === "closed";
            const d = `M${a.x + WIDE} ${a.y + 21}C${a.x + WIDE + 22} ${a.y + 21} ${b.x - 24} ${b.y + 21} ${b.x} ${b.y + 21}`;
            return <path key={`${feature} ${on}`} d={d} className={done ? "edge done" : "edge"} />;
          })}
        </svg>
        {places.map(({ id }) => {
          const [place, card] = [at2.get(id), cards.get(id)];
          return place && card && <Node key={id} card={card} x={place.x} y={place.y} />;
        })}
      </div>
    </div>
  );
}

function Node({ card, x, y }: { card: Card; x: number; y: number }) {
  const { said, tone } = statusOf(card.status);
  return (
    <Here
      search={{ feature: card.id }}
      className={`node ${tone}`}
      style={{ left: x, top: y, width: WIDE, height: HIGH }}
    >
      <b className="cut">{visible(card.title)}</b>
      <span className="cut">
        {card.id} · {said}
      </span>
    </Here>
  );
}
