// What a session printed, as lines: plain text with a terminal's colours, or what an agent's command line says of its
// thoughts, tools and results as JSON. Numbers are those of the printed lines, so a link to a line stays right. Pure.

export type Line = {
  n: number;
  kind: "text" | "thought" | "tool" | "result";
  text: string;
  /** Of a tool call: its name and what it was given; of a result: whether it failed. */
  tool?: string;
  bad?: boolean;
};

type Block = {
  type?: string;
  text?: string;
  thinking?: string;
  name?: string;
  input?: unknown;
  content?: unknown;
  is_error?: boolean;
};

const textOf = (value: unknown): string => {
  if (typeof value === "string") return value;
  if (Array.isArray(value))
    return value.map((one) => textOf((one as Block)?.text ?? one)).join("\n");
  return value === undefined || value === null ? "" : JSON.stringify(value);
};

/** What a tool was given, on one line: the one text in it, or all of it. */
function given(input: unknown): string {
  if (typeof input !== "object" || input === null) return textOf(input);
  const values = input as Record<string, unknown>;
  const main =
    values.command ??
    values.file_path ??
    values.path ??
    values.pattern ??
    values.query ??
    values.description;
  return typeof main === "string" ? main : JSON.stringify(input);
}

function block(n: number, one: Block): Line | null {
  switch (one.type) {
    case "text":
      return { n, kind: "thought", text: one.text ?? "" };
    case "thinking":
      return { n, kind: "thought", text: one.thinking ?? "" };
    case "tool_use":
      return { n, kind: "tool", tool: one.name ?? "tool", text: given(one.input) };
    case "tool_result":
      return { n, kind: "result", text: textOf(one.content), bad: one.is_error === true };
    default:
      return null;
  }
}

/** The lines of one printed line. JSON that is of no known form stays what it is. */
export function linesOf(n: number, printed: string): Line[] {
  const plain: Line = { n, kind: "text", text: printed };
  if (!printed.startsWith('{"')) return [plain];
  try {
    const value = JSON.parse(printed) as {
      type?: string;
      message?: { content?: unknown };
      result?: unknown;
      item?: Block & { aggregated_output?: string; command?: string; exit_code?: number };
    };
    if (
      (value.type === "assistant" || value.type === "user") &&
      Array.isArray(value.message?.content)
    ) {
      const found = (value.message.content as Block[]).flatMap((one) => block(n, one) ?? []);
      return found.length > 0 ? found : [plain];
    }
    if (value.type === "result" && typeof value.result === "string")
      return [{ n, kind: "thought", text: value.result }];
    return [plain];
  } catch {
    return [plain];
  }
}

/** Adds what was printed since. A last line without its end waits for the rest. */
export type Transcript = { lines: readonly Line[]; printed: number; rest: string; last: number };
export const NOTHING: Transcript = { lines: [], printed: 0, rest: "", last: 0 };

export function grown(before: Transcript, more: string, last: number, ended: boolean): Transcript {
  if (more === "" && !ended) return { ...before, last };
  const parts = (before.rest + more).split("\n");
  const rest = ended ? "" : (parts.pop() ?? "");
  if (ended && parts.at(-1) === "") parts.pop();
  let printed = before.printed;
  const lines = [...before.lines];
  for (const part of parts) {
    printed += 1;
    lines.push(...linesOf(printed, part.endsWith("\r") ? part.slice(0, -1) : part));
  }
  return { lines, printed, rest, last };
}

export type Show = "all" | "thoughts" | "tools" | "errors";

/** Whether a line is shown: all, what agents say, what they do, or what went wrong. */
export function shows(line: Line, show: Show): boolean {
  switch (show) {
    case "all":
      return true;
    case "thoughts":
      return line.kind === "thought";
    case "tools":
      return line.kind === "tool" || line.kind === "result";
    case "errors":
      return (
        line.bad === true ||
        (line.kind === "text" && /\b(error|warning|failed|fatal|panic)/i.test(line.text))
      );
  }
}

/** The indexes of lines that hold a text; case does not count. */
export function hitsOf(lines: readonly Pick<Line, "text">[], wanted: string): number[] {
  const word = wanted.toLowerCase();
  if (word === "") return [];
  const found: number[] = [];
  lines.forEach((line, at) => {
    if (line.text.toLowerCase().includes(word)) found.push(at);
  });
  return found;
}

/** A text cut at its hits, for marking them. */
export function marked(text: string, wanted: string): { text: string; hit: boolean }[] {
  if (wanted === "") return [{ text, hit: false }];
  const low = text.toLowerCase();
  const word = wanted.toLowerCase();
  // Where lower case has another length, places would not fit: then nothing is marked.
  if (low.length !== text.length) return [{ text, hit: false }];
  const parts: { text: string; hit: boolean }[] = [];
  let from = 0;
  for (let at = low.indexOf(word); at >= 0; at = low.indexOf(word, from)) {
    if (at > from) parts.push({ text: text.slice(from, at), hit: false });
    parts.push({ text: text.slice(at, at + word.length), hit: true });
    from = at + word.length;
  }
  if (from < text.length) parts.push({ text: text.slice(from), hit: false });
  return parts;
}
