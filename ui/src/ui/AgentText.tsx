// Text that somebody else wrote. It is only ever text: what would be obeyed or not be seen is shown by its name.
import { memo } from "react";
import { runs } from "./ansi";
import { type Piece, pieces } from "./visible";

function Shown({ piece }: { piece: Piece }) {
  if (piece.kind === "text") return piece.text;
  return <span className="ctl">{piece.name}</span>;
}

export const AgentText = memo(function AgentText({ text }: { text: string }) {
  return pieces(text).map((piece, at) => <Shown key={at} piece={piece} />);
});

/** The same with a terminal's colours. */
export const TerminalText = memo(function TerminalText({ text }: { text: string }) {
  return runs(text).map((run, at) => (
    <span key={at} className={run.style || undefined}>
      <AgentText text={run.text} />
    </span>
  ));
});

/** A quotation in the reading face, on its own ground. */
export function Quote({ text, large }: { text: string; large?: boolean }) {
  return (
    <blockquote className={large ? "large" : undefined}>
      <AgentText text={text} />
    </blockquote>
  );
}
