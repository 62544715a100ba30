// One section of the settings: what it is about, its fields, and a button that sends only what was changed.
import { type ReactNode, useEffect } from "react";
import { useAction } from "@/features/api/action";
import type { Project, ProjectChange } from "@/features/api/shapes";
import { writes } from "@/features/api/writes";
import { Button } from "@/ui/Button";
import { Chip } from "@/ui/Chip";
import { submitted } from "@/ui/events";
import { Refused } from "@/ui/Parts";
import { toast } from "@/ui/Toasts";
import { changed } from "./form";

/** What every section is given. */
export type Shown = {
  /** As it was when the fields began. */
  project: Project;
  /** As it is: what is saved says that this was seen. */
  now: Project;
  /** Somebody else saved settings meanwhile: keep what is typed here, or take theirs. */
  meanwhile: { keep: () => void; take: () => void } | null;
  isPast: boolean;
};

type Props = {
  of: Shown;
  title: string;
  about: ReactNode;
  /** What the fields say now; none while one of them is wrong. */
  change: ProjectChange | null;
  children: ReactNode;
};

export function Section({ of, title, about, change, children }: Props) {
  const { project, now, meanwhile, isPast } = of;
  const sent = change ? changed(project.settings, change) : {};
  const isIn = (settings: Project["settings"]) =>
    change !== null && Object.keys(changed(settings, change)).length === 0;
  // What was saved from here comes back the same way.
  const untouched = isIn(project.settings) || (meanwhile !== null && isIn(now.settings));
  const take = untouched ? meanwhile?.take : undefined;
  useEffect(() => take?.(), [take]);
  const action = useAction(
    async () => {
      const written = await writes.changeProject(project.name, sent, now.version);
      for (const note of written.notes ?? []) toast(note);
      return written;
    },
    () => "Saved. It takes effect at the next assignment.",
  );
  const unable =
    change === null
      ? "One of the fields is wrong"
      : untouched
        ? "Nothing is changed"
        : meanwhile
          ? "Say first whose values are kept"
          : null;
  return (
    <section>
      <h2>{title}</h2>
      <p className="soft small">{about}</p>
      <form className="stack" onSubmit={submitted(() => void action.go(undefined))}>
        <fieldset className="stack" disabled={isPast}>
          {children}
        </fieldset>
        {meanwhile && !untouched && (
          <div className="panel void">
            <Chip tone="wait">Changed meanwhile</Chip>
            <p className="soft">
              Somebody saved other settings while you typed. Yours are kept here until you decide.
            </p>
            <div className="row wrap">
              <Button look="first" onClick={meanwhile.keep}>
                Keep mine
              </Button>
              <Button onClick={meanwhile.take}>Take theirs</Button>
            </div>
          </div>
        )}
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
