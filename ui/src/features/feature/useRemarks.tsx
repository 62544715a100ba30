// Comments at the lines of a diff: those that are there, and the forms of those that are being written. They are comments
// of the feature like any other, which the next session reads.
import { useQuery } from "@tanstack/react-query";
import { useMemo, useRef } from "react";
import { useAction } from "@/features/api/action";
import { streamQuery } from "@/features/api/queries";
import { writes } from "@/features/api/writes";
import { AgentText } from "@/ui/AgentText";
import { Button } from "@/ui/Button";
import type { LineNotes } from "@/ui/DiffView";
import type { Diff } from "@/ui/diff";
import { submitted } from "@/ui/events";
import { Area } from "@/ui/Field";
import { Refused } from "@/ui/Parts";
import { useTyped } from "@/ui/typed";
import { visible } from "@/ui/visible";
import { placed, placeOf, type Remark, remarksOf } from "./remarks";

/** What is typed and not sent, by its place. */
type Drafts = Readonly<Record<string, string>>;
const NONE: Drafts = {};
const placeKey = (path: string, line: number) => `${path}:${line}`;

function Said({ remark }: { remark: Remark }) {
  return (
    <div className="say">
      <b>{remark.by === null ? "Reviewer" : visible(remark.by)}:</b>{" "}
      <AgentText text={remark.text} />
      {remark.isEarlier && (
        <span className="muted"> Of earlier work: the line may have moved since.</span>
      )}
    </div>
  );
}

type FormProps = {
  project: string;
  id: string;
  path: string;
  line: number;
  text: string;
  onChange: (text: string) => void;
  onEnd: () => void;
};

function Form({ project, id, path, line, text, onChange, onEnd }: FormProps) {
  const action = useAction(
    () => writes.comment({ p: project, id }, placed(path, line, text)),
    () => "Said.",
  );
  const form = useRef<HTMLFormElement>(null);
  /** Back to the line that it is about. */
  const leave = () => {
    const row = form.current?.closest(".said")?.previousElementSibling;
    row?.querySelector<HTMLElement>("button.ln")?.focus();
  };
  const end = () => {
    leave();
    onEnd();
  };
  const send = async () => {
    if (text.trim() && (await action.go(undefined))) end();
  };
  return (
    <form
      ref={form}
      className="say stack"
      onSubmit={submitted(() => void send())}
      onKeyDown={(event) => {
        if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void send();
        else if (event.key !== "Escape") return;
        else if (text.trim()) leave();
        else end();
        event.preventDefault();
        event.stopPropagation();
      }}
    >
      <Area
        label={`Comment on line ${line} of ${visible(path)}`}
        hideLabel
        rows={2}
        // What was typed before the page was loaded again does not take the focus.
        autoFocus={text === ""}
        placeholder="What about this line? The next session reads it first."
        value={text}
        onChange={(event) => onChange(event.target.value)}
      />
      <div className="row">
        <Button
          small
          look="first"
          type="submit"
          keys="⌃⏎"
          busy={action.busy}
          unable={text.trim() ? null : "Write something first"}
        >
          Say it
        </Button>
        <Button small onClick={end}>
          Cancel
        </Button>
      </div>
      {action.problem && <Refused detail={action.problem.detail} code={action.problem.code} />}
    </form>
  );
}

/** For the diff of a feature's work, what it shows at its lines; without a feature there is nothing to comment on. */
export function useRemarks(
  project: string,
  id: string | null,
  diff: Diff | null,
): LineNotes | undefined {
  const { data } = useQuery({ ...streamQuery(`feature-${project}/${id}`), enabled: id !== null });
  const [drafts, change] = useTyped(`remarks ${project}/${id}`, NONE);
  // A comment that is on its way may end after another one was begun.
  const latest = useRef(drafts);
  latest.current = drafts;
  const remarks = useMemo(
    () =>
      data && diff
        ? remarksOf(
            data,
            diff.files.map((file) => file.path),
          )
        : [],
    [data, diff],
  );
  if (id === null) return undefined;

  const of = (path: string, line: number | null) =>
    remarks.filter((one) => one.path === path && one.line === line);
  const write = (key: string, text: string | null) => {
    const { [key]: _, ...rest } = latest.current;
    change(text === null ? rest : { ...rest, [key]: text });
  };
  const form = (path: string, line: number) => {
    const key = placeKey(path, line);
    const text = drafts[key];
    if (text === undefined) return null;
    return (
      <Form
        {...{ project, id, path, line, text }}
        onChange={(next) => write(key, next)}
        onEnd={() => write(key, null)}
      />
    );
  };

  return {
    count: (path) => remarks.filter((one) => one.path === path).length,
    lines: (path) => {
      const written = Object.keys(drafts).map((key) => placeOf(`${key}:`, [path])?.line ?? null);
      const said = remarks.filter((one) => one.path === path).map((one) => one.line);
      return [...said, ...written].filter((line) => line !== null);
    },
    ask: (path, line) => {
      const key = placeKey(path, line);
      if (drafts[key] === undefined) write(key, "");
    },
    at: (path, line) => {
      const said = of(path, line).map((one) => <Said key={one.key} remark={one} />);
      const writing = line === null ? null : form(path, line);
      if (said.length === 0 && !writing) return null;
      return (
        <>
          {said}
          {writing}
        </>
      );
    },
  };
}
