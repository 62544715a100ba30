// What an agent wrote, cut into pieces of which each is either plain text or one character that would be obeyed
// or not be seen: control characters, direction marks, zero-width ones. Those are shown by name instead.

export type Piece = { kind: "text"; text: string } | { kind: "sign"; name: string };

/**
 * Everything with a will of its own: C0 and C1 controls except tab and line feed, soft hyphen, zero-width and
 * direction characters, line and paragraph separators, invisible operators, variation tags, the byte order mark.
 */
const SIGNS =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this is about
  // biome-ignore lint/suspicious/noMisleadingCharacterClass: each is meant by itself
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\u{1bca0}-\u{1bca3}\u{1d173}-\u{1d17a}\u{e0000}-\u{e0fff}]/gu;

function named(sign: string): string {
  const code = sign.codePointAt(0) ?? 0;
  if (code < 0x20) return `^${String.fromCharCode(code + 64)}`;
  if (code === 0x7f) return "^?";
  return `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
}

/** The pieces of a text. A carriage return in front of a line feed is only an end of line. */
export function pieces(text: string): Piece[] {
  const clean = text.replaceAll("\r\n", "\n");
  const found: Piece[] = [];
  let from = 0;
  for (const match of clean.matchAll(SIGNS)) {
    if (match.index > from) found.push({ kind: "text", text: clean.slice(from, match.index) });
    found.push({ kind: "sign", name: named(match[0]) });
    from = match.index + match[0].length;
  }
  if (from < clean.length) found.push({ kind: "text", text: clean.slice(from) });
  return found;
}

/** The same as one text, for tooltips and labels, where no element can be. */
export function visible(text: string): string {
  return pieces(text)
    .map((piece) => (piece.kind === "text" ? piece.text : `⟨${piece.name}⟩`))
    .join("");
}
