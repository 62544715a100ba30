// All is merged: said once for each project and browser, with figures of the log.
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { createPortal } from "react-dom";
import { sessionsQuery } from "@/features/api/queries";
import type { Board } from "@/features/api/shapes";
import { SESSIONS_MAX, spendOf } from "@/features/board/derive";
import { book } from "@/features/log/book";
import { To, useSetSearch } from "@/features/nav/links";
import type { ProjectStory } from "@/features/projects/story";
import { Button } from "@/ui/Button";
import { many, num, short, span, usd } from "@/ui/format";
import { Sheet } from "@/ui/Layers";

const PIECES = 54;
const TONES = ["done", "go", "look", "wait", "alarm", "ink"];

function Pieces() {
  const pieces = useMemo(() => {
    let seed = 5;
    const random = () => {
      seed = (seed * 16_807) % 2_147_483_647;
      return seed / 2_147_483_647;
    };
    return Array.from({ length: PIECES }, (_, n) => ({
      key: n,
      left: `${random() * 100}%`,
      top: `${random() * 92}%`,
      background: `var(--${TONES[Math.floor(random() * TONES.length)]})`,
      rotate: `${random() * 180}deg`,
      animationDelay: `${random() * 500}ms`,
    }));
  }, []);
  return createPortal(
    <div className="bits" aria-hidden="true">
      {pieces.map(({ key, ...style }) => (
        <i key={key} style={style} />
      ))}
    </div>,
    document.body,
  );
}

function Strokes() {
  return (
    <svg
      viewBox="0 0 250 68"
      width="250"
      fill="none"
      strokeWidth="6"
      strokeLinecap="round"
      role="img"
      aria-label="Two tallies of five, complete"
    >
      {[0, 1].map((gate) => (
        <g key={gate}>
          {[0, 1, 2, 3].map((at) => (
            <path
              key={at}
              className="draw"
              pathLength="1"
              style={{ animationDelay: `${(gate * 5 + at) * 90}ms` }}
              d={`M${gate * 130 + 24 + at * 22} 6v56`}
              stroke="var(--ink)"
            />
          ))}
          <path
            className="draw"
            pathLength="1"
            style={{ animationDelay: `${(gate * 5 + 4) * 90 + 120}ms` }}
            d={`M${gate * 130 + 8} 50L${gate * 130 + 106} 18`}
            stroke="var(--done)"
          />
        </g>
      ))}
    </svg>
  );
}

function Figures({ project, story }: { project: string; story: ProjectStory }) {
  const { data } = useQuery(sessionsQuery(project));
  const { events, after } = book.use();
  const from = story.started;
  const end = story.completed;
  const begun = from && (after === 0 || (events[0] && events[0].at <= from));
  const restarts =
    begun && end
      ? events.filter(
          (one) => one.type === "node.started" && one.at > from && one.position < end.position,
        ).length
      : null;
  const spend = spendOf(data);
  const rows: [string, string][] = [
    [
      "From start to done",
      from && end ? span(new Date(end.at).getTime() - new Date(from).getTime()) : "–",
    ],
    [
      "Sessions",
      data
        ? data.length >= SESSIONS_MAX
          ? `${num(SESSIONS_MAX)} or more`
          : num(data.length)
        : "–",
    ],
    [
      "Milestones overseen",
      `${story.milestones.filter((one) => one.state === "settled").length} of 10`,
    ],
    ["Restarts that lost nothing", restarts === null ? "–" : num(restarts)],
  ];
  return (
    <table>
      <tbody>
        {rows.map(([name, value]) => (
          <tr key={name}>
            <td className="muted">{name}</td>
            <td className="num">
              <b>{value}</b>
            </td>
          </tr>
        ))}
        <tr className="total">
          <td>Spend</td>
          <td className="num">{spend === null ? "–" : usd(spend)}</td>
        </tr>
      </tbody>
    </table>
  );
}

export default function Certificate({
  board,
  story,
  open,
  onClose,
}: {
  board: Board;
  story: ProjectStory;
  open: boolean;
  onClose: () => void;
}) {
  const set = useSetSearch();
  const { name, total, merge_queue } = board.project;
  const position = story.completed?.position;
  return (
    <Sheet open={open} onClose={onClose} title="Completed" className="certificate">
      <Pieces />
      <Strokes />
      <h1>All {many(total, "feature")} are done.</h1>
      <p className="soft">
        The last overseer looked at the final tree. The fleet has put down its tools.
      </p>
      <Figures project={name} story={story} />
      <p className="tiny muted">
        Final commit <code>{short(merge_queue)}</code>
        {position ? `, position ${num(position)}` : ""}. Anybody can check it:{" "}
        <code>supercargo log verify</code>
      </p>
      <div className="row wrap mt-4">
        <To className="btn first" path={`/p/${name}/insights`}>
          How it went
        </To>
        <Button
          icon="play"
          onClick={() => {
            onClose();
            set({ at: 1 });
          }}
        >
          From the start
        </Button>
        <Button look="ghost" onClick={onClose}>
          To the board
        </Button>
      </div>
    </Sheet>
  );
}
