// Upstream of a project: where it is, the keys that were pinned, the hook, its spec, and issues of Beads.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useAction } from "@/features/api/action";
import { upstreamQuery } from "@/features/api/queries";
import type { Project } from "@/features/api/shapes";
import { writes } from "@/features/api/writes";
import { AgentText } from "@/ui/AgentText";
import { Button } from "@/ui/Button";
import { submitted } from "@/ui/events";
import { Area, Field } from "@/ui/Field";
import { short } from "@/ui/format";
import { Confirm } from "@/ui/Layers";
import { Refused } from "@/ui/Parts";
import { toast } from "@/ui/Toasts";
import { useTyped } from "@/ui/typed";

function Upstream({ project, isPast }: { project: Project; isPast: boolean }) {
  const { data } = useQuery(upstreamQuery(project.name));
  const [asking, setAsking] = useState(false);
  const look = useAction(
    () => writes.fetchUpstream(project.name),
    () => "Upstream was looked at.",
  );
  const forget = useAction(
    () => writes.forgetHostKeys(project.name),
    () => "The pinned keys are forgotten; the next ones are pinned.",
  );
  const problem = look.problem ?? forget.problem;
  return (
    <>
      <table>
        <tbody>
          <tr>
            <td className="muted w-36">Upstream</td>
            <td className="mono small">
              <AgentText text={project.git_url} />
            </td>
            <td className="num">
              {!isPast && (
                <Button small busy={look.busy} onClick={() => void look.go(undefined)}>
                  Look now
                </Button>
              )}
            </td>
          </tr>
          <tr>
            <td className="muted">Branch</td>
            <td className="mono small">
              {data?.branch ?? "–"} at {short(data?.head)}
            </td>
            <td />
          </tr>
          {data?.trouble && (
            <tr>
              <td className="muted">Trouble</td>
              <td className="small wrong">
                <AgentText text={data.trouble} />
              </td>
              <td />
            </tr>
          )}
          <tr>
            <td className="muted">Pinned keys</td>
            <td className="mono small">
              {data?.host_keys.length ? <AgentText text={data.host_keys.join("\n")} /> : "none"}
            </td>
            <td className="num">
              {!isPast && (data?.host_keys.length ?? 0) > 0 && (
                <Button small look="ghost" onClick={() => setAsking(true)}>
                  Forget…
                </Button>
              )}
            </td>
          </tr>
        </tbody>
      </table>
      {problem && <Refused detail={problem.detail} code={problem.code} />}
      <Confirm
        question={
          asking
            ? {
                title: "Forget the pinned keys?",
                consequences: (
                  <p>
                    The next key that the host shows is believed and pinned. Do this only when you
                    know that the host has a new one.
                  </p>
                ),
                yes: "Forget them",
                danger: true,
              }
            : null
        }
        busy={forget.busy}
        onNo={() => setAsking(false)}
        onYes={() => {
          setAsking(false);
          void forget.go(undefined);
        }}
      />
    </>
  );
}

function Hook({ project }: { project: Project }) {
  const [shown, setShown] = useState<{ path: string; secret: string } | null>(null);
  const action = useAction(
    async () => setShown(await writes.showHook(project.name)),
    () => null,
  );
  return (
    <div className="stack">
      <h3>When somebody pushes</h3>
      <p className="soft small">A forge may say so; upstream is then looked at at once.</p>
      {shown ? (
        <>
          <p className="small">
            It posts to <code>{shown.path}</code> of this server and signs with
          </p>
          <pre className="raw">{shown.secret}</pre>
        </>
      ) : (
        <div>
          <Button small busy={action.busy} onClick={() => void action.go(undefined)}>
            Show path and secret
          </Button>
        </div>
      )}
      {action.problem && <Refused detail={action.problem.detail} code={action.problem.code} />}
    </div>
  );
}

function Credential({ project }: { project: Project }) {
  const [token, setToken] = useState("");
  const [key, setKey] = useState("");
  const action = useAction(
    () =>
      writes.changeProject(project.name, {
        credential: key.trim()
          ? { kind: "ssh_key", key }
          : { kind: "token", token: token.trim(), user: "x-access-token" },
      }),
    () => "Saved. It is kept apart from the log.",
  );
  const send = async () => {
    if (!(await action.go(undefined))) return;
    setToken("");
    setKey("");
  };
  return (
    <form className="stack" onSubmit={submitted(() => void send())}>
      <h3>Credential</h3>
      <p className="soft small">
        What upstream asks for. It is never shown again and never in the log.
      </p>
      <Field
        label="Token, for https"
        type="password"
        autoComplete="off"
        value={token}
        onChange={(event) => setToken(event.target.value)}
      />
      <Area
        label="Private key without a passphrase, for ssh"
        className="mono"
        rows={3}
        autoComplete="off"
        spellCheck={false}
        value={key}
        onChange={(event) => setKey(event.target.value)}
      />
      {action.problem && <Refused detail={action.problem.detail} code={action.problem.code} />}
      <div>
        <Button
          type="submit"
          busy={action.busy}
          unable={token.trim() || key.trim() ? null : "Fill in one of them"}
        >
          Save
        </Button>
      </div>
    </form>
  );
}

function Move({ project }: { project: Project }) {
  const [url, setUrl] = useState("");
  const action = useAction(
    () => writes.moveUpstream(project.name, url.trim()),
    () => "Upstream is there from now on.",
  );
  const send = async () => {
    if (await action.go(undefined)) setUrl("");
  };
  return (
    <form className="stack" onSubmit={submitted(() => void send())}>
      <h3>When the repository has moved</h3>
      <p className="soft small">
        It is looked at there first. One that does not hold what upstream held halts the merge
        queue.
      </p>
      <Field
        label="New address"
        className="mono"
        autoComplete="off"
        value={url}
        onChange={(event) => setUrl(event.target.value)}
      />
      {action.problem && <Refused detail={action.problem.detail} code={action.problem.code} />}
      <div>
        <Button type="submit" busy={action.busy} unable={url.trim() ? null : "Fill it in first"}>
          Move
        </Button>
      </div>
    </form>
  );
}

function Spec({ project }: { project: Project }) {
  const [text, setText] = useTyped(`spec ${project.name}`, "");
  const action = useAction(
    () => writes.changeProject(project.name, { spec: text }),
    () => "The spec is written.",
  );
  const split = useAction(
    () => writes.initializeProject(project.name),
    () => "The initializer reads the spec next.",
  );
  const problem = action.problem ?? split.problem;
  return (
    <form
      className="stack"
      onSubmit={submitted(() => void action.go(undefined).then((done) => done && setText("")))}
    >
      <h3>Spec</h3>
      <p className="soft small">
        A new spec replaces the one before; both stay in the log. The initializer splits it into
        features when it is told to.
      </p>
      <Area
        label="A new spec"
        rows={6}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      {problem && <Refused detail={problem.detail} code={problem.code} />}
      <div className="row">
        <Button type="submit" busy={action.busy} unable={text.trim() ? null : "Write it first"}>
          Write it
        </Button>
        <Button look="ghost" busy={split.busy} onClick={() => void split.go(undefined)}>
          Split it into features
        </Button>
      </div>
    </form>
  );
}

function Beads({ project }: { project: Project }) {
  const { name } = project;
  const action = useAction(
    async (deed: "import" | "sync" | "publish" | "export") => {
      if (deed === "import") return writes.importBeads(name, null);
      if (deed === "sync") return writes.syncBeads(name);
      if (deed === "publish") return writes.publishBeads(name);
      await navigator.clipboard?.writeText(await writes.exportBeads(name));
      toast("Copied as issues of Beads.");
      return null;
    },
    (deed) => (deed === "export" ? null : "Done."),
  );
  return (
    <div className="stack">
      <h3>Issues of Beads</h3>
      <p className="soft small">
        The repository's issues can come in, follow the backlog, and go out again.
      </p>
      <div className="row wrap">
        <Button small busy={action.busy} onClick={() => void action.go("import")}>
          Take them in
        </Button>
        <Button small busy={action.busy} onClick={() => void action.go("sync")}>
          Sync
        </Button>
        <Button small busy={action.busy} onClick={() => void action.go("publish")}>
          Publish
        </Button>
        <Button small look="ghost" busy={action.busy} onClick={() => void action.go("export")}>
          Copy as issues
        </Button>
      </div>
      {action.problem && <Refused detail={action.problem.detail} code={action.problem.code} />}
    </div>
  );
}

/** What of the repository is ours, and what another fleet left in it. */
function Ours({ project }: { project: Project }) {
  const scaffold = useAction(
    () => writes.scaffold(project.name),
    () => "It goes through the merge queue.",
  );
  const adopt = useAction(
    () => writes.adopt(project.name),
    () => "Its spec and issues are taken over.",
  );
  const problem = scaffold.problem ?? adopt.problem;
  return (
    <div className="stack">
      <h3>Files of ours</h3>
      <p className="soft small">
        Agents read a section of <code>AGENTS.md</code> that tells them how to work here. A
        repository of ZeroCoder holds its spec and its issues in files.
      </p>
      <div className="row wrap">
        <Button small busy={scaffold.busy} onClick={() => void scaffold.go(undefined)}>
          Bring AGENTS.md up to date
        </Button>
        <Button small busy={adopt.busy} onClick={() => void adopt.go(undefined)}>
          Take over from ZeroCoder
        </Button>
      </div>
      {problem && <Refused detail={problem.detail} code={problem.code} />}
    </div>
  );
}

export function Repository({ project, isPast }: { project: Project; isPast: boolean }) {
  return (
    <section>
      <h2>Repository</h2>
      <Upstream project={project} isPast={isPast} />
      {!isPast && (
        <>
          <Credential project={project} />
          <Hook project={project} />
          <Move project={project} />
          <Spec project={project} />
          <Beads project={project} />
          <Ours project={project} />
        </>
      )}
    </section>
  );
}
