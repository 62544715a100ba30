// The lines themselves: only those that are seen are drawn, so that a million of them scroll. Follows the end until
// somebody scrolls up; then says how many came since.
import { useVirtualizer } from "@tanstack/react-virtual";
import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";
import { Here } from "@/features/nav/links";
import { AgentText, TerminalText } from "@/ui/AgentText";
import { bare } from "@/ui/ansi";
import { Button } from "@/ui/Button";
import { num } from "@/ui/format";
import { type Line, marked } from "./lines";

/** Results and texts above this are folded. */
const FOLDED_ABOVE = 2_000;

function Marked({ text, wanted }: { text: string; wanted: string }) {
  return marked(bare(text), wanted).map((part, at) =>
    part.hit ? (
      <mark key={at}>
        <AgentText text={part.text} />
      </mark>
    ) : (
      <AgentText key={at} text={part.text} />
    ),
  );
}

function Text({ line, wanted }: { line: Line; wanted: string }) {
  const long = line.text.length > FOLDED_ABOVE;
  const [open, setOpen] = useState(false);
  const text = long && !open ? line.text.slice(0, FOLDED_ABOVE) : line.text;
  return (
    <>
      {wanted ? <Marked text={text} wanted={wanted} /> : <TerminalText text={text} />}
      {long && (
        <button
          type="button"
          className="btn sm ghost"
          aria-expanded={open}
          onClick={() => setOpen(!open)}
        >
          {open ? "Fold" : `${num(line.text.length - FOLDED_ABOVE)} more characters`}
        </button>
      )}
    </>
  );
}

function Row({
  line,
  at,
  wanted,
  opened,
  onToggle,
}: {
  line: Line;
  at: boolean;
  wanted: string;
  opened: boolean;
  onToggle: () => void;
}) {
  const folded = line.kind === "result" && !opened && !wanted;
  return (
    <div className={`line-row ${line.kind === "thought" ? "think" : ""} ${at ? "at" : ""}`}>
      <Here
        search={{ line: line.n }}
        replace
        title="Link to this line"
        aria-label={`Line ${line.n}`}
      >
        {num(line.n)}
      </Here>
      <div className={`tx ${line.bad ? "a-r" : ""}`}>
        {line.kind === "tool" && (
          <span className="tool">
            <b>
              <AgentText text={line.tool ?? "tool"} />
            </b>{" "}
          </span>
        )}
        {line.kind === "result" && (
          <button type="button" className="btn sm ghost" aria-expanded={!folded} onClick={onToggle}>
            {folded ? "▸" : "▾"} {line.bad ? "Failed" : "Result"}, {num(line.text.length)}{" "}
            characters
          </button>
        )}
        {folded ? null : <Text line={line} wanted={wanted} />}
      </div>
    </div>
  );
}

/** Whether the end is followed, and how many lines came since it is not. */
function useFollow(
  scroll: RefObject<HTMLDivElement | null>,
  count: number,
  follow: boolean,
  onFollow: (follow: boolean) => void,
) {
  const seen = useRef(count);
  const end = useCallback(() => {
    const box = scroll.current;
    if (box) box.scrollTop = box.scrollHeight;
  }, [scroll]);
  useLayoutEffect(() => {
    if (!follow) return;
    seen.current = count;
    end();
    const frame = requestAnimationFrame(end);
    return () => cancelAnimationFrame(frame);
  }, [follow, count, end]);
  const scrolled = () => {
    const box = scroll.current;
    if (!box) return;
    const atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 40;
    if (atEnd !== follow) onFollow(atEnd);
  };
  return { scrolled, fresh: follow ? 0 : count - seen.current };
}

type Props = {
  lines: readonly Line[];
  wanted: string;
  current: number | null;
  /** The number of the line that the address links to. */
  linked: number | null;
  follow: boolean;
  onFollow: (follow: boolean) => void;
};

export function OutputLines({ lines, wanted, current, linked, follow, onFollow }: Props) {
  const scroll = useRef<HTMLDivElement>(null);
  const [toggled, setToggled] = useState<ReadonlySet<number>>(new Set());
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => 24,
    overscan: 20,
  });
  const { scrolled, fresh } = useFollow(scroll, lines.length, follow, onFollow);
  const goal = current ?? (linked === null ? null : lines.findIndex((line) => line.n === linked));
  const go = virtual.scrollToIndex;
  useEffect(() => {
    if (goal !== null && goal >= 0) go(goal, { align: "center" });
  }, [goal, go]);
  const toggle = (at: number) =>
    setToggled((before) => {
      const next = new Set(before);
      if (!next.delete(at)) next.add(at);
      return next;
    });

  return (
    <div className="term" role="log" aria-live="off" aria-label="Output">
      <div
        className="lines"
        ref={scroll}
        tabIndex={0}
        role="region"
        aria-label="Lines"
        onScroll={scrolled}
      >
        <div className="virtual" style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map((item) => {
            const line = lines[item.index];
            if (!line) return null;
            const opened = toggled.has(item.index) !== (line.bad === true);
            return (
              <div
                key={item.key}
                ref={virtual.measureElement}
                data-index={item.index}
                style={{ transform: `translateY(${item.start}px)` }}
              >
                <Row
                  line={line}
                  at={line.n === linked || item.index === current}
                  wanted={wanted}
                  opened={opened}
                  onToggle={() => toggle(item.index)}
                />
              </div>
            );
          })}
        </div>
      </div>
      {fresh > 0 && (
        <Button look="first" icon="down" className="more" onClick={() => onFollow(true)}>
          {num(fresh)} new lines
        </Button>
      )}
    </div>
  );
}
