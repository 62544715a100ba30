// A diff: files that fold, one or two columns, every line as text. Signs stand beside colours.
import { type KeyboardEvent, type ReactNode, useMemo, useState } from "react";
import { AgentText } from "./AgentText";
import { Button } from "./Button";
import { Chip } from "./Chip";
import type { Diff, DiffLine, FileDiff, Hunk } from "./diff";
import { num, short } from "./format";
import { Segments } from "./Parts";

/** A file with more changed lines than this is shown when it is asked for. */
const FOLDED_ABOVE = 400;
const CLASS = { "+": "a", "-": "d", " ": "", "\\": "h" } as const;
const SIGN = { "+": "+", "-": "−", " ": "", "\\": "" } as const;

/** What is said at the lines of a diff, and how something is said there. Lines are those of the new file; none is the file. */
export type LineNotes = {
  /** How much was said about a file. */
  count: (path: string) => number;
  /** The lines of a file at which something was said or is being written. */
  lines: (path: string) => readonly number[];
  at: (path: string, line: number | null) => ReactNode;
  ask: (path: string, line: number) => void;
};

/** The lines of one file: of their numbers one is reached with Tab, and the arrows go on from there. */
type Place = { path: string; notes: LineNotes; current: number | null; go: (line: number) => void };

/** What is written at a line already is gone on with. */
function goOn(number: HTMLElement): void {
  const said = number.closest(".diff > div")?.nextElementSibling;
  if (said?.matches(".said")) said.querySelector("textarea")?.focus();
}

function LineNumber({ line, place }: { line: number | null; place: Place | null }) {
  if (line === null || !place) return <span className="ln">{line ?? ""}</span>;
  return (
    <button
      type="button"
      className="ln"
      tabIndex={line === place.current ? 0 : -1}
      aria-label={`Comment on line ${line}`}
      title="Comment on this line"
      onFocus={() => place.go(line)}
      onClick={(event) => {
        place.notes.ask(place.path, line);
        goOn(event.currentTarget);
      }}
    >
      {line}
    </button>
  );
}

function Line({ line, place }: { line: DiffLine; place: Place | null }) {
  return (
    <div className={CLASS[line.sign]}>
      {line.new === null ? (
        <LineNumber line={line.old} place={null} />
      ) : (
        <LineNumber line={line.new} place={place} />
      )}
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

type SideProps = { line: DiffLine | null; which: "old" | "new"; place: Place | null };

function Side({ line, which, place }: SideProps) {
  if (!line) return <span className="half none" />;
  return (
    <span className={`half ${CLASS[line.sign]}`}>
      <LineNumber line={line[which]} place={place} />
      <span>{SIGN[line.sign]}</span>
      <span>
        <AgentText text={line.text} />
      </span>
    </span>
  );
}

function Row({
  children,
  line,
  place,
}: {
  children: ReactNode;
  line: number | null;
  place: Place | null;
}) {
  const said = place && line !== null ? place.notes.at(place.path, line) : null;
  return (
    <>
      {children}
      {said && <div className="said">{said}</div>}
    </>
  );
}

type HunkProps = { hunk: Hunk; split: boolean; place: Place | null };

function HunkView({ hunk, split, place }: HunkProps) {
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
            <Row key={at} line={after?.new ?? null} place={place}>
              <div className="pair">
                <Side line={before} which="old" place={null} />
                <Side line={after} which="new" place={place} />
              </div>
            </Row>
          ))
        : hunk.lines.map((line, at) => (
            <Row key={at} line={line.new} place={place}>
              <Line line={line} place={place} />
            </Row>
          ))}
    </>
  );
}

const BY: Record<string, number> = { ArrowUp: -1, ArrowDown: 1 };

/** From the number of a line to the one above or below. */
function step(event: KeyboardEvent<HTMLElement>): void {
  const by = BY[event.key];
  const isNumber = (event.target as Element).matches("button.ln");
  if (by === undefined || !isNumber) return;
  event.preventDefault();
  const numbers = [...event.currentTarget.querySelectorAll<HTMLElement>("button.ln")];
  numbers[numbers.indexOf(event.target as HTMLElement) + by]?.focus();
}

/** What was said of a file beside its lines, or of lines that the diff does not show. */
function Rest({
  file,
  notes,
  lines,
}: {
  file: FileDiff;
  notes: LineNotes;
  lines: ReadonlySet<number>;
}) {
  const hidden = [...new Set(notes.lines(file.path))].filter((line) => !lines.has(line));
  const of = notes.at(file.path, null);
  if (!of && hidden.length === 0) return null;
  return (
    <div className="said">
      {of}
      {hidden.map((line) => (
        <div key={line}>
          <span className="tiny muted">Line {line}, which is not shown here</span>
          {notes.at(file.path, line)}
        </div>
      ))}
    </div>
  );
}

function Changes({
  file,
  split,
  notes,
}: {
  file: FileDiff;
  split: boolean;
  notes: LineNotes | undefined;
}) {
  const lines = useMemo(
    () => new Set(file.hunks.flatMap((hunk) => hunk.lines.flatMap((line) => line.new ?? []))),
    [file],
  );
  const [current, go] = useState<number | null>(null);
  const [first = null] = lines;
  const place = notes ? { path: file.path, notes, current: current ?? first, go } : null;
  return (
    <>
      {notes && <Rest file={file} notes={notes} lines={lines} />}
      {file.hunks.length > 0 && (
        <section
          className="diff"
          tabIndex={0}
          aria-label={`Changes of ${file.path}`}
          onKeyDown={notes ? step : undefined}
        >
          {file.hunks.map((hunk, at) => (
            <HunkView key={at} hunk={hunk} split={split} place={place} />
          ))}
        </section>
      )}
    </>
  );
}

const STATE = { changed: "", added: "new", deleted: "deleted", renamed: "renamed" } as const;

type FileProps = { file: FileDiff; split: boolean; notes: LineNotes | undefined };

function File({ file, split, notes }: FileProps) {
  const size = file.added + file.deleted;
  const said = notes?.count(file.path) ?? 0;
  const [open, setOpen] = useState(size <= FOLDED_ABOVE);
  return (
    <section aria-label={file.path}>
      <div className="row mt-3">
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
          <span className="tiny muted nowrap">
            +{num(file.added)} −{num(file.deleted)}
          </span>
        )}
        {said > 0 && <Chip tone="wait">{said === 1 ? "1 comment" : `${num(said)} comments`}</Chip>}
      </div>
      {open && <Changes file={file} split={split} notes={notes} />}
    </section>
  );
}

type Props = { diff: Diff; narrow?: boolean; notes?: LineNotes | undefined };

export function DiffView({ diff, narrow, notes }: Props) {
  const [mode, setMode] = useState<"unified" | "split">("unified");
  return (
    <div>
      <div className="row wrap">
        <b>{diff.files.length === 1 ? "1 file" : `${num(diff.files.length)} files`}</b>
        <Chip tone="done">+{num(diff.added)}</Chip>
        <Chip tone="alarm">−{num(diff.deleted)}</Chip>
        {diff.work && (
          <span className="small muted" title={diff.work.commit}>
            {diff.work.what}, <code>{short(diff.work.commit)}</code>
          </span>
        )}
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
        <File key={`${file.from}${file.path}`} file={file} split={mode === "split"} notes={notes} />
      ))}
    </div>
  );
}
