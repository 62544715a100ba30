// Adding one feature, or a list of them: one title a line, with what it asks for indented below.

import { useState } from "react";
import { useAction } from "@/features/api/action";
import type { Content } from "@/features/api/shapes";
import { writes } from "@/features/api/writes";
import { ContentFields } from "@/features/feature/ContentFields";
import { useSearchAll, useSetSearch } from "@/features/nav/links";
import { Button } from "@/ui/Button";
import { submitted } from "@/ui/events";
import { Area, Field } from "@/ui/Field";
import { many } from "@/ui/format";
import { Sheet } from "@/ui/Layers";
import { Refused, Segments } from "@/ui/Parts";
import { useTyped } from "@/ui/typed";

const EMPTY = {
  title: "",
  description: "",
  steps: "",
  category: "",
  priority: "2",
  waits: "",
  labels: "",
  list: "",
};

const lines = (text: string) =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);

/** A pasted list: a line is a title, indented lines below it say more; bullets and numbers are taken off. */
export function listed(text: string): Content[] {
  const found: Content[] = [];
  for (const line of text.split("\n")) {
    if (!line.trim()) continue;
    const said = line.trim().replace(/^(?:[-*+]|\d+[.)])\s+(?:\[[ x]\]\s+)?/i, "");
    const last = found.at(-1);
    if (/^\s/.test(line) && last)
      last.description = last.description ? `${last.description}\n${said}` : said;
    else found.push({ title: said.slice(0, 200), description: "" });
  }
  return found;
}

export default function AddFeature({
  project,
  categories,
}: {
  project: string;
  categories: readonly string[];
}) {
  const { add } = useSearchAll();
  const set = useSetSearch();
  const [mode, setMode] = useState<"one" | "list">("one");
  const [form, setForm] = useTyped(`feature ${project}`, EMPTY);
  const change = (more: Partial<typeof EMPTY>) => setForm({ ...form, ...more });
  const close = () => set({ add: undefined });
  const items = listed(form.list);
  const action = useAction(
    async () => {
      if (mode === "list")
        return writes.addBacklog(
          project,
          items.map((content) => ({ content })),
        );
      const content: Content = {
        title: form.title.trim(),
        description: form.description,
        steps: lines(form.steps),
        category: form.category.trim(),
        priority: Number(form.priority),
        labels: form.labels
          .split(",")
          .map((one) => one.trim())
          .filter(Boolean),
      };
      return writes.addFeature(project, content, form.waits.split(/[\s,]+/).filter(Boolean));
    },
    () => (mode === "list" ? `${many(items.length, "feature")} added.` : "Added."),
  );
  const send = async () => {
    if (!(await action.go(undefined))) return;
    setForm(EMPTY);
    close();
  };
  const unable =
    mode === "one"
      ? form.title.trim()
        ? null
        : "Give it a title first"
      : items.length > 0
        ? null
        : "Paste a list first";

  return (
    <Sheet open={add === true} onClose={close} title="Add a feature">
      <form
        className="stack"
        onSubmit={submitted(() => void send())}
        onKeyDown={(event) =>
          event.key === "Enter" && (event.ctrlKey || event.metaKey) && !unable && void send()
        }
      >
        <div className="row">
          <h2 className="grow">Add {mode === "one" ? "a feature" : "a list"}</h2>
          <Segments
            label="How"
            value={mode}
            options={[
              ["one", "One"],
              ["list", "A list"],
            ]}
            onChange={setMode}
          />
        </div>
        {mode === "one" ? (
          <OneForm form={form} change={change} categories={categories} />
        ) : (
          <Area
            label="One title a line"
            rows={10}
            value={form.list}
            onChange={(event) => change({ list: event.target.value })}
            hint={
              items.length > 0
                ? `${many(items.length, "feature")} so far. Indented lines say more about the title above them.`
                : "Indented lines say more about the title above them."
            }
          />
        )}
        {action.problem && <Refused detail={action.problem.detail} code={action.problem.code} />}
        <div className="row">
          <Button look="first" type="submit" busy={action.busy} unable={unable} keys="⌃⏎">
            Add
          </Button>
          <Button onClick={close}>Cancel</Button>
        </div>
      </form>
    </Sheet>
  );
}

type FormProps = {
  form: typeof EMPTY;
  change: (more: Partial<typeof EMPTY>) => void;
  categories: readonly string[];
};

function OneForm({ form, change, categories }: FormProps) {
  return (
    <>
      <ContentFields form={form} change={change} rows={4} isNew categories="categories">
        <Field
          label="Waits for"
          placeholder="Ids of features"
          value={form.waits}
          onChange={(event) => change({ waits: event.target.value })}
        />
        <Field
          label="Labels"
          placeholder="With commas between"
          value={form.labels}
          onChange={(event) => change({ labels: event.target.value })}
        />
      </ContentFields>
      <datalist id="categories">
        {categories.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
    </>
  );
}
