// What waits for a person, over all projects: kind, subject and how it is settled. The server says it in words and with
// a command; what the command is about is read from the command. Pure.
import type { Need, Project } from "@/features/api/shapes";
import type { Tone } from "@/ui/Chip";

export type Item = {
  id: string;
  project: string;
  kind: string;
  chip: { said: string; tone: Tone };
  text: string;
  command: string | null;
  feature: string | null;
  entry: number | null;
  slot: number | null;
  since: string | null;
};

const KINDS: Record<string, { said: string; tone: Tone }> = {
  question: { said: "Question", tone: "wait" },
  held: { said: "Held change", tone: "wait" },
  feature: { said: "Set aside", tone: "alarm" },
  aside: { said: "Set aside", tone: "wait" },
  slot: { said: "Slot", tone: "alarm" },
  upstream: { said: "Upstream", tone: "alarm" },
  trunk: { said: "Merge queue", tone: "alarm" },
  copy: { said: "Not cloned", tone: "alarm" },
  initialization: { said: "Spec", tone: "alarm" },
  oversight: { said: "Overseer", tone: "wait" },
  verification: { said: "Verification", tone: "wait" },
  verifiers: { said: "Verification", tone: "alarm" },
  undo: { said: "Undo", tone: "wait" },
  outside: { said: "Outside", tone: "alarm" },
  target: { said: "Slots", tone: "wait" },
  idle: { said: "Idle", tone: "" },
  epic: { said: "Epic", tone: "" },
  stuck: { said: "Stuck", tone: "alarm" },
};

export const kindOf = (kind: string) =>
  KINDS[kind] ?? { said: kind.replaceAll("_", " "), tone: "wait" as Tone };

type Subject = Pick<Item, "feature" | "entry" | "slot">;

/** The words of a command after its verb: `supercargo feature answer PROJECT ID TEXT`. */
export function subjectOf(need: Need, project: string): Subject {
  const words = (need.command ?? "").split(/\s+/);
  const at = words.indexOf(project);
  const after = at >= 0 ? words[at + 1] : undefined;
  const noun = words[1];
  const number = after && /^\d+$/.test(after) ? Number(after) : null;
  return {
    feature: need.feature ?? (noun === "feature" && after && after !== "--all" ? after : null),
    entry: need.entry ?? (noun === "queue" ? number : null),
    slot: need.slot ?? (noun === "container" ? number : null),
  };
}

export function itemsOf(projects: readonly Project[]): Item[] {
  return projects.flatMap((project) =>
    project.needs.map((need) => {
      const subject = subjectOf(need, project.name);
      const about = subject.feature ?? subject.entry ?? subject.slot ?? need.text.slice(0, 60);
      return {
        id: need.id ?? `${project.name}/${need.kind}/${about}`,
        project: project.name,
        kind: need.kind,
        chip: kindOf(need.kind),
        text: need.text,
        command: need.command ?? null,
        since: need.since ?? null,
        ...subject,
      };
    }),
  );
}

/** What is said beside a title and a button: without the ids that it begins with, and without its command. */
export function shortly({ text, command }: Pick<Item, "text" | "command">): string {
  const ids = /^(?:entry \d+ of )?[a-z0-9-]+-[a-z0-9]{5} (?:asks: |is quarantined: )?/;
  const tail = command ? text.indexOf(": `") : -1;
  const words = (tail > 0 ? text.slice(0, tail) : text).replace(ids, "");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
