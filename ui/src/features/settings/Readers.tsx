// Readers outside whose place in the log is kept, and the end of a project.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useAction } from "@/features/api/action";
import { subscriptionsQuery } from "@/features/api/queries";
import type { Project } from "@/features/api/shapes";
import { writes } from "@/features/api/writes";
import { useGo } from "@/features/nav/links";
import { AgentText } from "@/ui/AgentText";
import { Button } from "@/ui/Button";
import { Chip } from "@/ui/Chip";
import { submitted } from "@/ui/events";
import { Field } from "@/ui/Field";
import { num } from "@/ui/format";
import { Confirm } from "@/ui/Layers";
import { Refused } from "@/ui/Parts";

export function Readers({ project, isPast }: { project: Project; isPast: boolean }) {
  const { data } = useQuery(subscriptionsQuery());
  const [name, setName] = useState("");
  const [types, setTypes] = useState("");
  const [ending, setEnding] = useState<string | null>(null);
  const add = useAction(
    () => writes.subscribe(name.trim(), project.name, types.split(/[\s,]+/).filter(Boolean)),
    () => `${name} is kept from here on.`,
  );
  const end = useAction(
    (one: string) => writes.unsubscribe(one),
    () => "Its place is not kept any more.",
  );
  const again = useAction(
    (one: string) => writes.replay(one),
    () => "What was parked is delivered again.",
  );
  const problem = add.problem ?? again.problem ?? end.problem;
  const mine = (data ?? []).filter((one) => !one.project || one.project === project.name);
  return (
    <section>
      <h2>Readers</h2>
      <p className="soft small">
        Programs outside that read the log by position; each goes on where it was. A command is run
        on events with `supercargo subscription`.
      </p>
      {mine.length === 0 && <p className="muted small">None.</p>}
      <table>
        <tbody>
          {mine.map((one) => (
            <tr key={one.name}>
              <td>
                <b>{one.name}</b>
                <br />
                <span className="small soft">
                  <AgentText text={one.types.length > 0 ? one.types.join(", ") : "every event"} />
                </span>
              </td>
              <td className="num">
                {one.parked.length > 0 && <Chip tone="alarm">{num(one.parked.length)} parked</Chip>}{" "}
                <Chip tone={one.behind === 0 ? "done" : "wait"}>
                  {one.behind === 0 ? "up to date" : `${num(one.behind)} behind`}
                </Chip>
              </td>
              <td className="num">
                {!isPast && one.parked.length > 0 && (
                  <Button small busy={again.busy} onClick={() => void again.go(one.name)}>
                    Deliver again
                  </Button>
                )}
                {!isPast && (
                  <Button small look="danger" onClick={() => setEnding(one.name)}>
                    End…
                  </Button>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {!isPast && (
        <form
          className="stack"
          onSubmit={submitted(() => void add.go(undefined).then((done) => done && setName("")))}
        >
          <div className="g2">
            <Field
              label="Name of a new reader"
              value={name}
              onChange={(event) => setName(event.target.value)}
            />
            <Field
              label="Only these types"
              placeholder="feature.closed, feature.question_asked"
              value={types}
              onChange={(event) => setTypes(event.target.value)}
            />
          </div>
          <div>
            <Button
              type="submit"
              busy={add.busy}
              unable={name.trim() ? null : "Give it a name first"}
            >
              Keep its place
            </Button>
          </div>
        </form>
      )}
      {problem && <Refused detail={problem.detail} code={problem.code} />}
      <Confirm
        question={
          ending
            ? {
                title: `End ${ending}?`,
                consequences: (
                  <p>
                    Its place is forgotten; it cannot go on where it was, and the name is never used
                    again.
                  </p>
                ),
                yes: "End it",
                danger: true,
              }
            : null
        }
        busy={end.busy}
        onNo={() => setEnding(null)}
        onYes={() => {
          if (ending) void end.go(ending);
          setEnding(null);
        }}
      />
    </section>
  );
}

export function Delete({ project, isPast }: { project: Project; isPast: boolean }) {
  const [typed, setTyped] = useState("");
  const [asking, setAsking] = useState(false);
  const go = useGo();
  const action = useAction(
    () => writes.deleteProject(project.name),
    () => `${project.name} is deleted.`,
  );
  const running = project.status === "running" || project.status === "draining";
  return (
    <section>
      <h2>Delete</h2>
      <p className="soft small">
        Containers and gate are removed, upstream stays as it is, the log stays for good. The name
        is never used again.
      </p>
      {!isPast && (
        <div>
          <Button
            look="danger"
            unable={running ? "It works now: it has to be stopped first" : null}
            onClick={() => setAsking(true)}
          >
            Delete {project.name}…
          </Button>
        </div>
      )}
      {action.problem && <Refused detail={action.problem.detail} code={action.problem.code} />}
      <Confirm
        question={
          asking
            ? {
                title: `Delete ${project.name}?`,
                consequences: (
                  <Field
                    label={`Type ${project.name}`}
                    className="mono"
                    autoComplete="off"
                    value={typed}
                    onChange={(event) => setTyped(event.target.value)}
                  />
                ),
                yes: "Delete",
                danger: true,
              }
            : null
        }
        busy={action.busy}
        unable={typed === project.name ? null : "Type the name first"}
        onNo={() => setAsking(false)}
        onYes={() => {
          setAsking(false);
          void action.go(undefined).then((done) => done && go("/"));
        }}
      />
    </section>
  );
}
