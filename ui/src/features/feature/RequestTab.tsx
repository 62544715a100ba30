// What a feature asks for: read, and edited in place. Changed meanwhile by somebody else, both are shown.

import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { useAction } from "@/features/api/action";
import { boardQuery } from "@/features/api/queries";
import type { Feature, Content as Requested } from "@/features/api/shapes";
import { writes } from "@/features/api/writes";
import { statusOf } from "@/features/board/derive";
import { cardOf } from "@/features/live/reducer";
import { Here } from "@/features/nav/links";
import { AgentText } from "@/ui/AgentText";
import { Button } from "@/ui/Button";
import { Chip } from "@/ui/Chip";
import { submitted } from "@/ui/events";
import { Area, Field } from "@/ui/Field";
import { Refused, Skeleton } from "@/ui/Parts";
import { useTyped } from "@/ui/typed";
import { visible } from "@/ui/visible";
import { ContentFields } from "./ContentFields";

const Markdown = lazy(() => import("@/ui/Markdown"));

type Draft = {
  title: string;
  description: string;
  steps: string;
  category: string;
  priority: string;
  labels: string;
};

const draftOf = (content: Requested): Draft => ({
  title: content.title ?? "",
  description: content.description ?? "",
  steps: (content.steps ?? []).join("\n"),
  category: content.category ?? "",
  priority: String(content.priority ?? 2),
  labels: (content.labels ?? []).join(", "),
});

/** Only what was changed: what is absent stays as it is. */
export function changeOf(before: Requested, draft: Draft) {
  const steps = draft.steps
    .split("\n")
    .map((one) => one.trim())
    .filter(Boolean);
  const labels = draft.labels
    .split(",")
    .map((one) => one.trim())
    .filter(Boolean);
  const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);
  return {
    ...(draft.title !== (before.title ?? "") && { title: draft.title }),
    ...(draft.description !== (before.description ?? "") && { description: draft.description }),
    ...(!same(steps, before.steps ?? []) && { steps }),
    ...(draft.category !== (before.category ?? "") && { category: draft.category }),
    ...(!same(labels, before.labels ?? []) && { labels }),
    ...(Number(draft.priority) !== (before.priority ?? 2) && { priority: Number(draft.priority) }),
  };
}

/** What is edited, and from which state on; nothing is as if nobody edited. */
type Editing = { base: Pick<Feature, "content" | "version">; draft: Draft };
const NOT_EDITED: Editing | null = null;
const editingOf = ({ content, version }: Feature): Editing => ({
  base: { content, version },
  draft: draftOf(content),
});

function Edit({
  project,
  feature,
  editing,
  onChange,
}: {
  project: string;
  feature: Feature;
  editing: Editing;
  onChange: (next: Editing | null) => void;
}) {
  const { base, draft } = editing;
  const change = (more: Partial<Draft>) => onChange({ base, draft: { ...draft, ...more } });
  const theirs = { content: feature.content, version: feature.version };
  const edits = changeOf(base.content, draft);
  const action = useAction(
    () => writes.changeFeature({ p: project, id: feature.id }, edits, base.version),
    () => "Saved.",
  );
  const meanwhile = JSON.stringify(base.content) !== JSON.stringify(feature.content);
  const save = async () => {
    if (await action.go(undefined)) onChange(null);
  };

  return (
    <form className="stack" onSubmit={submitted(() => void save())}>
      {meanwhile && (
        <div className="panel void">
          <Chip tone="wait">Changed meanwhile</Chip>
          <p className="soft">
            Somebody changed this feature while you edited it. Your text is kept here until you
            decide.
          </p>
          <div className="row wrap">
            <Button look="first" onClick={() => onChange({ base: theirs, draft })}>
              Keep mine
            </Button>
            <Button onClick={() => onChange(editingOf(feature))}>Take theirs</Button>
          </div>
        </div>
      )}
      <ContentFields form={draft} change={change} rows={8}>
        <Field
          label="Labels"
          value={draft.labels}
          onChange={(event) => change({ labels: event.target.value })}
        />
      </ContentFields>
      {action.problem && <Refused detail={action.problem.detail} code={action.problem.code} />}
      <div className="row">
        <Button
          look="first"
          type="submit"
          busy={action.busy}
          unable={Object.keys(edits).length === 0 ? "Nothing is changed" : null}
        >
          Save
        </Button>
        <Button onClick={() => onChange(null)}>Cancel</Button>
      </div>
    </form>
  );
}

function WaitsFor({
  project,
  feature,
  isPast,
}: {
  project: string;
  feature: Feature;
  isPast: boolean;
}) {
  const { data: board } = useQuery({ ...boardQuery(project), enabled: !isPast });
  const [on, setOn] = useState("");
  const action = useAction(
    ({ id, remove }: { id: string; remove: boolean }) =>
      writes.depend({ p: project, id: feature.id }, id, remove),
    ({ id, remove }) => (remove ? `Waits no more for ${id}.` : `Waits for ${id}.`),
  );
  return (
    <>
      <h3>Waits for</h3>
      {feature.blockers.length === 0 && <p className="muted small">Nothing.</p>}
      {feature.blockers.map((id) => {
        const card = cardOf(board, id)?.card;
        return (
          <p key={id} className="small row">
            <Here search={{ feature: id, tab: undefined }} className="mono">
              {id}
            </Here>
            <span className="cut">{visible(card?.title ?? "")}</span>
            {card && <Chip tone={statusOf(card.status).tone}>{statusOf(card.status).said}</Chip>}
            {!isPast && (
              <Button
                small
                look="ghost"
                icon="close"
                aria-label={`Do not wait for ${id}`}
                busy={action.busy}
                onClick={() => void action.go({ id, remove: true })}
              />
            )}
          </p>
        );
      })}
      {!isPast && (
        <form
          className="row mt-2"
          onSubmit={(event) => {
            event.preventDefault();
            void action.go({ id: on.trim(), remove: false }).then((done) => done && setOn(""));
          }}
        >
          <Field
            label="Another feature that it waits for"
            hideLabel
            placeholder="Id of a feature"
            value={on}
            onChange={(event) => setOn(event.target.value)}
          />
          <Button
            type="submit"
            busy={action.busy}
            unable={on.trim() ? null : "Name a feature first"}
          >
            Add
          </Button>
        </form>
      )}
      {action.problem && <Refused detail={action.problem.detail} code={action.problem.code} />}
    </>
  );
}

function Comments({
  project,
  feature,
  isPast,
}: {
  project: string;
  feature: Feature;
  isPast: boolean;
}) {
  const [text, setText] = useTyped(`comment ${project}/${feature.id}`, "");
  const action = useAction(
    () => writes.comment({ p: project, id: feature.id }, text),
    () => "Said.",
  );
  return (
    <>
      <h3>Comments</h3>
      {feature.notes.length === 0 && <p className="muted small">None.</p>}
      {feature.notes.map((note, at) => (
        <blockquote key={at}>
          <AgentText text={note} />
        </blockquote>
      ))}
      {!isPast && (
        <form
          className="stack mt-2"
          onSubmit={(event) => {
            event.preventDefault();
            void action.go(undefined).then((done) => done && setText(""));
          }}
        >
          <Area
            label="Comment"
            hideLabel
            rows={2}
            placeholder="Say something. The next session reads it first."
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
          <div>
            <Button
              type="submit"
              busy={action.busy}
              unable={text.trim() ? null : "Write something first"}
            >
              Say it
            </Button>
          </div>
          {action.problem && <Refused detail={action.problem.detail} code={action.problem.code} />}
        </form>
      )}
    </>
  );
}

function Content({ content, onEdit }: { content: Requested; onEdit: (() => void) | null }) {
  const { description = "", steps = [], labels = [], type = "feature" } = content;
  return (
    <>
      <div className="row wrap">
        <Chip>{type}</Chip>
        {labels.map((label) => (
          <Chip key={label}>{visible(label)}</Chip>
        ))}
        <span className="grow" />
        {onEdit && (
          <Button small onClick={onEdit}>
            Edit
          </Button>
        )}
      </div>
      {description ? (
        <Suspense fallback={<Skeleton />}>
          <Markdown text={description} />
        </Suspense>
      ) : (
        <p className="muted small">Nothing beyond its title.</p>
      )}
      {steps.length > 0 && (
        <>
          <h3>Steps</h3>
          <ol className="steps">
            {steps.map((step, at) => (
              <li key={at}>
                <span>
                  <AgentText text={step} />
                </span>
              </li>
            ))}
          </ol>
        </>
      )}
    </>
  );
}

export function RequestTab({
  project,
  feature,
  isPast,
}: {
  project: string;
  feature: Feature;
  isPast: boolean;
}) {
  const [editing, edit] = useTyped(`edit ${project}/${feature.id}`, NOT_EDITED);
  return (
    <div className="stack">
      {editing && !isPast ? (
        <Edit project={project} feature={feature} editing={editing} onChange={edit} />
      ) : (
        <Content
          content={feature.content}
          onEdit={isPast ? null : () => edit(editingOf(feature))}
        />
      )}
      <WaitsFor project={project} feature={feature} isPast={isPast} />
      <Comments project={project} feature={feature} isPast={isPast} />
    </div>
  );
}
