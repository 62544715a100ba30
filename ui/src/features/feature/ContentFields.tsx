// What a feature asks for, as it is typed: the same where one is added and where one is changed.
import type { ReactNode } from "react";
import { Area, Field, Select } from "@/ui/Field";

export type Typed = {
  title: string;
  description: string;
  steps: string;
  category: string;
  priority: string;
};

const WORDS: Record<number, string> = { 0: "0, first", 4: "4, last" };

type Props = {
  form: Typed;
  change: (more: Partial<Typed>) => void;
  /** Lines of the description; the steps have half as many, and three at least. */
  rows: number;
  /** Begins with the title, and says what one is. */
  isNew?: boolean;
  /** The id of a list of known categories. */
  categories?: string;
  /** Fields beside the priority. */
  children?: ReactNode;
};

export function ContentFields({ form, change, rows, isNew = false, categories, children }: Props) {
  return (
    <>
      <Field
        label="Title"
        autoFocus={isNew}
        maxLength={200}
        placeholder={isNew ? "What a user can do afterwards" : undefined}
        value={form.title}
        onChange={(event) => change({ title: event.target.value })}
      />
      <Area
        label="What it asks for"
        rows={rows}
        value={form.description}
        onChange={(event) => change({ description: event.target.value })}
      />
      <Area
        label="Steps, one a line"
        rows={Math.max(3, rows / 2)}
        value={form.steps}
        onChange={(event) => change({ steps: event.target.value })}
      />
      <div className="g2">
        <Field
          label="Category"
          list={categories}
          value={form.category}
          onChange={(event) => change({ category: event.target.value })}
        />
        <Select
          label="Priority"
          value={form.priority}
          onChange={(event) => change({ priority: event.target.value })}
        >
          {[0, 1, 2, 3, 4].map((n) => (
            <option key={n} value={n}>
              {WORDS[n] ?? n}
            </option>
          ))}
        </Select>
        {children}
      </div>
    </>
  );
}
