// A diff: files that fold, one or two columns, every line as text. Signs stand beside colours.
import { useState } from "react";
import { AgentText } from "./AgentText";
import { Button } from "./Button";
import { Chip } from "./Chip";
import type { Diff, DiffLine, FileDiff, Hunk } from "./diff";
import { num } from "./format";
import { Segments } from "./Parts";

/** A file with more changed lines than this is shown when it is asked for. */
const FOLDED_ABOVE = 400;
const CLASS = { "+": "a", "-": "d", " ": "", "\\": "h" } as const;
const SIGN = { "+": "+", "-": "−", " ": "", "\\": "" } as const;

function Line({ line }: { line: DiffLine }) {
  return (
    <div className={CLASS[line.sign]}>
      <span className="ln">{line.new ?? line.old ?? ""}</span>
      <span>{SIGN[line.sign]}</span>
      <span>
        <AgentText text={line.text} />
      </span>
    </div>
  );
}

/** Pairs what went with what came, in order, so that both sides stand beside each other. */
export function pairs(lines: readonly DiffLine[]): [DiffLine | null, DiffLine | null][] {
  const rows: [DiffLine | null, DiffLine | null][] = [];
  let gone: DiffLine[] = [];
  let came: DiffLine[] = [];
  const flush = () => {
    for (let at = 0; at < Math.max(gone.length, came.length); at += 1)
      rows.push([gone[at] ?? null, came[at] ?? null]);
    gone = [];
    came = [];
  };
  for (const line of lines) {
    if (line.sign === "-") gone.push(line);
    else if (line.sign === "+") came.push(line);
    else {
      flush();
      rows.push([line, line]);
    }
  }
  flush();
  return rows;
}

function Side({ line, which }: { line: DiffLine | null; which: "old" | "new" }) {
  if (!line) return <span className="half none" />;
  return (
    <span className={`half ${CLASS[line.sign]}`}>
      <span className="ln">{line[which] ?? ""}</span>
      <span>{SIGN[line.sign]}</span>
      <span>
        <AgentText text={line.text} />
      </span>
    </span>
  );
}

function HunkView({ hunk, split }: { hunk: Hunk; split: boolean }) {
  return (
    <>
      <div className="h">
        <span className="ln" />
        <span />
        <span>
          <AgentText text={hunk.header} />
        </span>
      </div>
      {split
        ? pairs(hunk.lines).map(([before, after], at) => (
            <div key={at} className="pair">
              <Side line={before} which="old" />
              <Side line={after} which="new" />
            </div>
          ))
        : hunk.lines.map((line, at) => <Line key={at} line={line} />)}
    </>
  );
}

const STATE = { changed: "", added: "new", deleted: "deleted", renamed: "renamed" } as const;

function File({ file, split }: { file: FileDiff; split: boolean }) {
  const size = file.added + file.deleted;
  const [open, setOpen] = useState(size <= FOLDED_ABOVE);
  return (
    <section aria-label={file.path}>
      <div className="row wrap mt-3">
        <Button small look="ghost" aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? "▾" : "▸"}
        </Button>
        <code className="cut">
          {file.state === "renamed" && file.from ? <AgentText text={`${file.from} → `} /> : null}
          <AgentText text={file.path} />
        </code>
        {STATE[file.state] && <Chip>{STATE[file.state]}</Chip>}
        {file.binary ? (
          <Chip>binary</Chip>
        ) : (
          <span className="tiny muted">
            +{num(file.added)} −{num(file.deleted)}
          </span>
        )}
      </div>
      {open && file.hunks.length > 0 && (
        <section className="diff" tabIndex={0} aria-label={`Changes of ${file.path}`}>
          {file.hunks.map((hunk, at) => (
            <HunkView key={at} hunk={hunk} split={split} />
          ))}
        </section>
      )}
    </section>
  );
}

export function DiffView({ diff, narrow }: { diff: Diff; narrow?: boolean }) {
  const [mode, setMode] = useState<"unified" | "split">("unified");
  return (
    <div>
      <div className="row wrap">
        <b>{diff.files.length === 1 ? "1 file" : `${num(diff.files.length)} files`}</b>
        <Chip tone="done">+{num(diff.added)}</Chip>
        <Chip tone="alarm">−{num(diff.deleted)}</Chip>
        <span className="grow" />
        {!narrow && (
          <Segments
            label="Layout"
            value={mode}
            options={[
              ["unified", "Unified"],
              ["split", "Side by side"],
            ]}
            onChange={setMode}
          />
        )}
      </div>
      {diff.rest.length > 0 && (
        <p className="small muted mt-2">
          <AgentText text={diff.rest.join("\n")} />
        </p>
      )}
      {diff.files.map((file) => (
        <File key={`${file.from}${file.path}`} file={file} split={mode === "split"} />
      ))}
    </div>
  );
}
