// One section of the settings: what it is about, its fields, and a button that sends only what was changed.
import type { ReactNode } from "react";
import { useAction } from "@/features/api/action";
import type { Project, ProjectChange } from "@/features/api/shapes";
import { writes } from "@/features/api/writes";
import { Button } from "@/ui/Button";
import { submitted } from "@/ui/events";
import { Refused } from "@/ui/Parts";
import { toast } from "@/ui/Toasts";
import { changed } from "./form";

type Props = {
  project: Project;
  title: string;
  about: ReactNode;
  /** What the fields say now; none while one of them is wrong. */
  change: ProjectChange | null;
  isPast: boolean;
  children: ReactNode;
};

export function Section({ project, title, about, change, isPast, children }: Props) {
  const sent = change ? changed(project.settings, change) : {};
  const action = useAction(
    async () => {
      const written = await writes.changeProject(project.name, sent, project.version);
      for (const note of written.notes ?? []) toast(note);
      return written;
    },
    () => "Saved. It takes effect at the next assignment.",
  );
  const unable =
    change === null
      ? "One of the fields is wrong"
      : Object.keys(sent).length === 0
        ? "Nothing is changed"
        : null;
  return (
    <section>
      <h2>{title}</h2>
      <p className="soft small">{about}</p>
      <form className="stack" onSubmit={submitted(() => void action.go(undefined))}>
        <fieldset className="stack" disabled={isPast}>
          {children}
        </fieldset>
        {action.problem && <Refused detail={action.problem.detail} code={action.problem.code} />}
        {!isPast && (
          <div>
            <Button
              type="submit"
              look={unable ? "plain" : "first"}
              busy={action.busy}
              unable={unable}
            >
              Save
            </Button>
          </div>
        )}
      </form>
    </section>
  );
}
