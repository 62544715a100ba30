// A unified diff, as git prints it, as files, hunks and lines. What cannot be read as one is kept as plain lines:
// nothing of a change may be left out because it is odd.

export type DiffLine = {
  sign: " " | "+" | "-" | "\\";
  text: string;
  old: number | null;
  new: number | null;
};
export type Hunk = { header: string; lines: DiffLine[] };
export type FileDiff = {
  path: string;
  from: string | null;
  state: "changed" | "added" | "deleted" | "renamed";
  binary: boolean;
  added: number;
  deleted: number;
  hunks: Hunk[];
  notes: string[];
};
/** Which work it is of, and the commit of that. */
export type Work = { what: string; commit: string };
export type Diff = {
  work: Work | null;
  files: FileDiff[];
  added: number;
  deleted: number;
  rest: string[];
};

const WORK = /^# (\w[\w ]*): commit ([0-9a-f]{40,64})$/;

const HUNK = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@(.*)$/;

/** A path as git quotes it: "a/with \"signs\" and \303\274". */
function unquoted(name: string): string {
  if (!name.startsWith('"')) return name.replace(/\t$/, "");
  const inner = name.slice(1, name.lastIndexOf('"'));
  const codes: number[] = [];
  for (let at = 0; at < inner.length; at += 1) {
    if (inner[at] !== "\\") {
      codes.push(...new TextEncoder().encode(inner[at]));
      continue;
    }
    const octal = /^[0-7]{3}/.exec(inner.slice(at + 1));
    if (octal) {
      codes.push(Number.parseInt(octal[0], 8));
      at += 3;
    } else {
      at += 1;
      const said = { n: 10, t: 9, r: 13 }[inner[at] ?? ""] ?? inner.charCodeAt(at);
      codes.push(said);
    }
  }
  return new TextDecoder().decode(new Uint8Array(codes));
}

const stripped = (name: string) => unquoted(name).replace(/^[ab]\//, "");

function begun(line: string): FileDiff {
  // Names with spaces are ambiguous here; the lines that follow say them again.
  const named = / b\/(.*)$/.exec(line)?.[1] ?? line.slice("diff --git ".length);
  return {
    path: stripped(named),
    from: null,
    state: "changed",
    binary: false,
    added: 0,
    deleted: 0,
    hunks: [],
    notes: [],
  };
}

/** A line between the name of a file and its first hunk. */
function header(file: FileDiff, line: string): void {
  if (line.startsWith("new file")) file.state = "added";
  else if (line.startsWith("deleted file")) file.state = "deleted";
  else if (line.startsWith("rename from ")) {
    file.state = "renamed";
    file.from = unquoted(line.slice(12));
  } else if (line.startsWith("rename to ")) file.path = unquoted(line.slice(10));
  else if (line.startsWith("--- ")) {
    if (!line.startsWith("--- /dev/null")) file.from ??= stripped(line.slice(4));
  } else if (line.startsWith("+++ ")) {
    if (!line.startsWith("+++ /dev/null")) file.path = stripped(line.slice(4));
  } else if (line.startsWith("Binary files") || line.startsWith("GIT binary patch"))
    file.binary = true;
  else if (!line.startsWith("index ") && line !== "") file.notes.push(line);
}

type Place = { old: number; new: number; oldLeft: number; newLeft: number };

/** A line inside of a hunk. */
function body(file: FileDiff, hunk: Hunk, place: Place, line: string): void {
  const sign = line[0] ?? " ";
  const text = line.slice(1);
  if (sign === "+") {
    hunk.lines.push({ sign, text, old: null, new: place.new++ });
    place.newLeft -= 1;
    file.added += 1;
  } else if (sign === "-") {
    hunk.lines.push({ sign, text, old: place.old++, new: null });
    place.oldLeft -= 1;
    file.deleted += 1;
  } else if (sign === "\\") {
    hunk.lines.push({ sign, text, old: null, new: null });
  } else {
    hunk.lines.push({ sign: " ", text, old: place.old++, new: place.new++ });
    place.oldLeft -= 1;
    place.newLeft -= 1;
  }
}

/** A line before the first file. */
function beforeFiles(diff: Diff, line: string): void {
  const [, what, commit] = WORK.exec(line) ?? [];
  if (what && commit) diff.work = { what, commit };
  else diff.rest.push(line);
}

/** Reads a diff. */
export function parseDiff(text: string): Diff {
  const diff: Diff = { work: null, files: [], added: 0, deleted: 0, rest: [] };
  let file: FileDiff | null = null;
  let hunk: Hunk | null = null;
  const place: Place = { old: 0, new: 0, oldLeft: 0, newLeft: 0 };

  for (const line of text.replace(/\n$/, "").split("\n")) {
    // Inside of a hunk its own count decides, so that a line "diff --git" of a file stays one of its lines.
    const inside =
      hunk !== null && (place.oldLeft > 0 || place.newLeft > 0 || line.startsWith("\\"));
    const at = inside ? null : HUNK.exec(line);
    if (file && hunk && inside) body(file, hunk, place, line);
    else if (line.startsWith("diff --git ")) {
      file = begun(line);
      hunk = null;
      diff.files.push(file);
    } else if (file && at) {
      Object.assign(place, {
        old: Number(at[1]),
        new: Number(at[3]),
        oldLeft: Number(at[2] ?? 1),
        newLeft: Number(at[4] ?? 1),
      });
      hunk = { header: line, lines: [] };
      file.hunks.push(hunk);
    } else if (file) header(file, line);
    else if (line) beforeFiles(diff, line);
  }

  diff.added = diff.files.reduce((sum, one) => sum + one.added, 0);
  diff.deleted = diff.files.reduce((sum, one) => sum + one.deleted, 0);
  return diff;
}
