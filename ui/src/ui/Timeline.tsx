// The line of time: bars for how much happened, marks for what mattered, and a handle. It knows nothing of events: it
// is given shares of its length from 0 to 1.
import { type KeyboardEvent, memo, type PointerEvent, useEffect, useRef } from "react";

export type MarkKind = "milestone" | "incident" | "needs" | "person";
export type Mark = { x: number; kind: MarkKind; count: number; position: number; text: string };

const SHAPES: Record<MarkKind, string> = {
  milestone: "M5 2v10M9 2v10M2 10L12 4",
  incident: "M7 2l6 10H1z",
  needs: "M3 3h8v8H3z",
  person: "M7 3a4 4 0 1 0 0 8a4 4 0 1 0 0-8z",
};

function MarkSign({ kind }: { kind: MarkKind }) {
  const fill = {
    milestone: "none",
    person: "var(--sheet)",
    incident: "currentColor",
    needs: "currentColor",
  }[kind];
  return (
    <svg viewBox="0 0 14 14" aria-hidden="true">
      <path
        d={SHAPES[kind]}
        fill={fill}
        stroke="currentColor"
        strokeWidth="1.8"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  );
}

const HEIGHT = 54;

const Bars = memo(function Bars({ counts, until }: { counts: readonly number[]; until: number }) {
  const most = Math.max(1, ...counts);
  return (
    <svg viewBox={`0 0 ${counts.length * 5} 68`} preserveAspectRatio="none" aria-hidden="true">
      <g className="bars">
        {counts.map((count, at) => {
          if (count === 0) return null;
          const height = Math.max(1.5, Math.sqrt(count / most) * 24);
          const past = (at + 0.5) / counts.length < until;
          return (
            <rect
              key={at}
              className={past ? "past" : ""}
              x={at * 5 + 0.6}
              width="3.6"
              y={HEIGHT - height}
              height={height}
            />
          );
        })}
      </g>
    </svg>
  );
});

export type TimelineProps = {
  counts: readonly number[];
  marks: readonly Mark[];
  ticks: readonly { x: number; text: string }[];
  /** Where the handle stands, 0 to 1. */
  x: number;
  now: { position: number; head: number; text: string };
  /** What stands above the handle in the past. */
  tag: string | null;
  /** While the handle is dragged, and where it was let go. */
  onSeek: (x: number) => void;
  onSettle: (x: number) => void;
  onStep: (events: number) => void;
  onEnd: (end: "first" | "now") => void;
  onMark: (mark: Mark) => void;
  /** The line is to be so many times as long, around this share of it. */
  onZoom: (x: number, times: number) => void;
  onWhole: () => void;
};

const KEYS: Record<string, number> = {
  ArrowLeft: -1,
  ArrowDown: -1,
  ArrowRight: 1,
  ArrowUp: 1,
  PageUp: 50,
  PageDown: -50,
};

/** A wheel with Ctrl, which is also what a pinch on a pad sends, makes the line longer or shorter. */
function useWheel(line: { current: HTMLDivElement | null }, zoom: TimelineProps["onZoom"]): void {
  const latest = useRef(zoom);
  latest.current = zoom;
  useEffect(() => {
    const box = line.current;
    if (!box) return;
    const turn = (event: WheelEvent) => {
      if (!event.ctrlKey) return;
      // The page is not to grow with it, so the listener may not be a passive one.
      event.preventDefault();
      const { left, width } = box.getBoundingClientRect();
      latest.current((event.clientX - left) / width, 1.0025 ** event.deltaY);
    };
    box.addEventListener("wheel", turn, { passive: false });
    return () => box.removeEventListener("wheel", turn);
  }, [line]);
}

export function Timeline(props: TimelineProps) {
  const line = useRef<HTMLDivElement>(null);
  const share = (event: PointerEvent) => {
    const box = line.current?.getBoundingClientRect();
    return box ? Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)) : 1;
  };
  const sought = useRef(1);
  const seek = (event: PointerEvent) => {
    sought.current = share(event);
    props.onSeek(sought.current);
  };
  const down = (event: PointerEvent<HTMLDivElement>) => {
    if ((event.target as Element).closest(".mk")) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    seek(event);
  };
  const move = (event: PointerEvent<HTMLDivElement>) => {
    if (event.currentTarget.hasPointerCapture(event.pointerId)) seek(event);
  };
  const end = (event: PointerEvent<HTMLDivElement>, x: number) => {
    if (!event.currentTarget.hasPointerCapture(event.pointerId)) return;
    event.currentTarget.releasePointerCapture(event.pointerId);
    props.onSettle(x);
  };
  useWheel(line, props.onZoom);
  const key = (event: KeyboardEvent) => {
    const step = KEYS[event.key];
    if (event.key === "Home") props.onEnd("first");
    else if (event.key === "End") props.onEnd("now");
    else if (event.key === "+") props.onZoom(props.x, 0.5);
    else if (event.key === "-") props.onZoom(props.x, 2);
    else if (step !== undefined) props.onStep(step * (event.shiftKey ? 50 : 1));
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the handle within is the slider; the line only makes it easier to hit
    <div
      className="line"
      ref={line}
      aria-busy={props.counts.length === 0 || undefined}
      onPointerDown={down}
      onPointerMove={move}
      onPointerUp={(event) => end(event, share(event))}
      // The browser took the gesture away, and says no place with it: the handle stays where it was dragged last.
      onPointerCancel={(event) => end(event, sought.current)}
      // With text selected on the page, the browser would drag that instead of the handle.
      onDragStart={(event) => event.preventDefault()}
      onDoubleClick={props.onWhole}
    >
      <Bars counts={props.counts} until={props.x} />
      {props.marks.map((mark) => (
        <button
          key={`${mark.kind}${mark.position}`}
          type="button"
          tabIndex={-1}
          className={`mk ${mark.kind}`}
          style={{ left: `${mark.x * 100}%` }}
          title={mark.text}
          aria-label={mark.text}
          data-count={mark.count > 1 ? mark.count : undefined}
          onClick={() => props.onMark(mark)}
        >
          <MarkSign kind={mark.kind} />
        </button>
      ))}
      {props.ticks.map((tick) => (
        <span key={tick.x} className="ax" style={{ left: `${tick.x * 100}%` }}>
          {tick.text}
        </span>
      ))}
      <div
        className="ph"
        style={{ left: `${props.x * 100}%` }}
        role="slider"
        tabIndex={0}
        aria-label="Position in the log"
        aria-valuemin={1}
        aria-valuemax={Math.max(1, props.now.head)}
        aria-valuenow={props.now.position}
        aria-valuetext={props.now.text}
        onKeyDown={key}
      />
      {props.tag && (
        <span className="tag" style={{ left: `clamp(90px, ${props.x * 100}%, calc(100% - 90px))` }}>
          {props.tag}
        </span>
      )}
    </div>
  );
}
