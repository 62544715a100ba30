// Colours of a terminal: a line becomes runs of text with styles from a fixed list. Every other escape sequence is
// taken out of the text and counts as one sign, so that nothing moves a cursor, sets a title or makes a link.

export type Run = { text: string; style: string };

/** Escape sequences: CSI, OSC up to its end, and the two-character ones. */
const ESCAPE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this is about
  /\u001b(?:\[([0-9;:?<=>]*)[ -/]*([@-~])|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[PX^_][^\u001b]*(?:\u001b\\)?|[ -/]*[0-~])/g;

const COLOURS = ["ink", "r", "g", "y", "b", "m", "c", "ink"];

type Pen = { colour: string; bold: boolean; dim: boolean; italic: boolean; under: boolean };
const plain = (): Pen => ({ colour: "", bold: false, dim: false, italic: false, under: false });

function coloured(code: number): string | null {
  if (code >= 30 && code <= 37) return COLOURS[code - 30] ?? "";
  if (code === 90) return "d";
  if (code > 90 && code <= 97) return COLOURS[code - 90] ?? "";
  return null;
}

/** One code of a "select graphic rendition". */
function set(pen: Pen, code: number): Pen {
  const colour = coloured(code);
  if (colour !== null) return { ...pen, colour };
  switch (code) {
    case 0:
      return plain();
    case 1:
      return { ...pen, bold: true };
    case 2:
      return { ...pen, dim: true };
    case 3:
      return { ...pen, italic: true };
    case 4:
      return { ...pen, under: true };
    case 22:
      return { ...pen, bold: false, dim: false };
    case 23:
      return { ...pen, italic: false };
    case 24:
      return { ...pen, under: false };
    case 39:
      return { ...pen, colour: "" };
    default:
      return pen;
  }
}

/** 256 colours and true colours become the nearest of ours: none, since contrast is ours to keep. */
function select(pen: Pen, codes: number[]): Pen {
  let next = pen;
  for (let at = 0; at < codes.length; at += 1) {
    const code = codes[at] ?? 0;
    if (code === 38 || code === 48 || code === 58) {
      at += codes[at + 1] === 5 ? 2 : codes[at + 1] === 2 ? 4 : 0;
      continue;
    }
    next = set(next, code);
  }
  return next;
}

function styled(pen: Pen): string {
  const words = [
    pen.colour && pen.colour !== "ink" ? `a-${pen.colour}` : "",
    pen.bold ? "a-B" : "",
    pen.dim ? "a-d" : "",
    pen.italic ? "a-i" : "",
    pen.under ? "a-u" : "",
  ];
  return words.filter(Boolean).join(" ");
}

/** The runs of a line. */
export function runs(line: string): Run[] {
  const found: Run[] = [];
  let pen = plain();
  let from = 0;
  const push = (text: string) => {
    if (text) found.push({ text, style: styled(pen) });
  };

  for (const match of line.matchAll(ESCAPE)) {
    push(line.slice(from, match.index));
    from = match.index + match[0].length;
    if (match[2] === "m") {
      const codes = (match[1] ?? "").split(/[;:]/).map((code) => Number(code) || 0);
      pen = select(pen, codes);
    }
  }
  push(line.slice(from));
  return found;
}

/** The text without any sequence, for search. */
export function bare(line: string): string {
  return line.replace(ESCAPE, "");
}
