// A new project in four steps. It is saved as one goes: one may leave and come back.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useAction } from "@/features/api/action";
import { projectsQuery } from "@/features/api/queries";
import { writes } from "@/features/api/writes";
import { Here, To, useSearchAll, useSetSearch } from "@/features/nav/links";
import { Button } from "@/ui/Button";
import { submitted } from "@/ui/events";
import { Area, Field } from "@/ui/Field";
import { Head, Refused, Segments, Void } from "@/ui/Parts";
import { draft, EMPTY, nameOf, projectOf, wrongName, wrongUrl } from "./draft";
import { BacklogStep, Cloning, FleetStep, SpecStep } from "./Steps";

const STEPS = [
  ["repository", "Repository"],
  ["spec", "Spec"],
  ["backlog", "Backlog"],
  ["fleet", "Fleet"],
] as const;

function Stages({ at, name }: { at: number; name: string | undefined }) {
  return (
    <ol className="stages" aria-label="Steps">
      {STEPS.map(([step, text], n) => (
        <li
          key={step}
          className={n < at ? "ok" : n === at ? "on" : ""}
          aria-current={n === at ? "step" : undefined}
        >
          <b>{n < at ? "✓" : n + 1}</b>
          {name ? (
            <Here className="plain" search={{ step }}>
              {text}
            </Here>
          ) : (
            text
          )}
        </li>
      ))}
    </ol>
  );
}

const KINDS = [
  ["new", "New, from a spec"],
  ["existing", "A repository with a life of its own"],
] as const;

function RepositoryStep({ taken }: { taken: readonly string[] }) {
  const set = useSetSearch();
  const form = draft.use();
  const [secret, setSecret] = useState({ token: "", key: "" });
  const [named, setNamed] = useState(form.name !== "" && form.name !== nameOf(form.url));
  const name = named ? form.name : nameOf(form.url);
  const url = wrongUrl(form.url);
  const bad = wrongName(name, taken);
  const action = useAction(
    () => writes.addProject(projectOf({ ...form, name }, secret)),
    () => `${name} is registered.`,
  );
  const send = async () => {
    if (!(await action.go(undefined))) return;
    draft.set(EMPTY);
    set({ resume: name, step: form.kind === "new" ? "spec" : "backlog" });
  };
  const unable = !form.url.trim()
    ? "Give the address first"
    : !name
      ? "Give it a name first"
      : (url ?? bad);

  return (
    <form className="stack max-w-2xl" onSubmit={submitted(() => void send())}>
      <div>
        <Segments
          label="Kind"
          value={form.kind}
          options={KINDS}
          onChange={(kind) => draft.set({ ...form, kind })}
        />
      </div>
      <Field
        label="Address"
        className="mono"
        autoFocus
        value={form.url}
        wrong={url}
        hint="https://, ssh:// or user@host:path. A password never goes into the address."
        onChange={(event) => draft.set({ ...form, url: event.target.value })}
      />
      <Field
        label="Name"
        value={name}
        wrong={bad}
        hint="A name is never used twice, even after deletion."
        onChange={(event) => {
          setNamed(true);
          draft.set({ ...form, name: event.target.value });
        }}
      />
      <details>
        <summary className="small">Credential, if upstream asks for one</summary>
        <div className="stack mt-2">
          <Field
            label="Token, for https"
            type="password"
            autoComplete="off"
            value={secret.token}
            onChange={(event) => setSecret({ ...secret, token: event.target.value })}
          />
          <Area
            label="Private key without a passphrase, for ssh"
            className="mono"
            rows={3}
            spellCheck={false}
            value={secret.key}
            onChange={(event) => setSecret({ ...secret, key: event.target.value })}
          />
          <p className="small muted">
            Kept apart from the log, never in this browser, and never shown again.
          </p>
        </div>
      </details>
      {action.problem && <Refused detail={action.problem.detail} code={action.problem.code} />}
      <div className="row">
        <Button look="first" type="submit" busy={action.busy} unable={unable}>
          Register and clone
        </Button>
        <Button look="ghost" onClick={() => draft.set(EMPTY)}>
          Start afresh
        </Button>
      </div>
    </form>
  );
}

export default function WizardScreen() {
  const { resume, step } = useSearchAll();
  const { data } = useQuery(projectsQuery());
  const project = data?.find((one) => one.name === resume);
  const at = project
    ? Math.max(
        1,
        STEPS.findIndex(([name]) => name === step),
      )
    : 0;
  const current = STEPS[at]?.[0] ?? "repository";

  return (
    <>
      <Head
        title={resume ? `New project: ${resume}` : "New project"}
        actions={
          <To className="btn" path={project ? `/p/${project.name}/board` : "/"}>
            Leave
          </To>
        }
      >
        Saved as you go. You may leave and come back.
      </Head>
      <Stages at={at} name={project?.name} />
      <div className="scroll wizard-step">
        {resume && data && !project && (
          <Void title="No such project">There is no project named {resume}.</Void>
        )}
        {!resume && <RepositoryStep taken={(data ?? []).map((one) => one.name)} />}
        {project && (
          <div className="stack">
            <Cloning project={project} />
            {current === "spec" && <SpecStep project={project} />}
            {current === "backlog" && <BacklogStep project={project} />}
            {current === "fleet" && <FleetStep project={project} />}
          </div>
        )}
      </div>
    </>
  );
}
