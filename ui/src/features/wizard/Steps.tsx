// The steps of the wizard after the repository: the spec, the backlog, the fleet. Each is saved in the project itself,
// so that leaving and coming back loses nothing.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useAction } from "@/features/api/action";
import { boardQuery, streamQuery } from "@/features/api/queries";
import type { Project } from "@/features/api/shapes";
import { writes } from "@/features/api/writes";
import { listed } from "@/features/board/AddFeature";
import { COLUMNS } from "@/features/live/reducer";
import { useGo, useSetSearch } from "@/features/nav/links";
import { type Agent, agentOf, specOf } from "@/features/settings/form";
import { AgentFields } from "@/features/settings/Models";
import { Button } from "@/ui/Button";
import { Category, Dot } from "@/ui/Chip";
import { Dial } from "@/ui/Dial";
import { submitted } from "@/ui/events";
import { Area, Field } from "@/ui/Field";
import { many, num } from "@/ui/format";
import { Icon } from "@/ui/icons";
import { Refused } from "@/ui/Parts";
import { useTyped } from "@/ui/typed";
import { visible } from "@/ui/visible";

/** Largest file that is taken as a spec. */
const SPEC_MAX = 1_000_000;

export function Cloning({ project }: { project: Project }) {
  const { repository } = project;
  const failed = repository.startsWith("failed");
  const done = repository.startsWith("cloned");
  return (
    <section className="panel max-w-3xl">
      <header>
        <h3>Reaching it</h3>
      </header>
      <div className="in">
        <p className={failed ? "wrong row" : "row"}>
          {done ? (
            <span className="text-done">
              <Icon name="ok" />
            </span>
          ) : failed ? (
            <Icon name="close" />
          ) : (
            <Dot kind="beat" tone="go" />
          )}
          {visible(
            done
              ? `${repository.charAt(0).toUpperCase()}${repository.slice(1)}`
              : failed
                ? repository.replace(/^failed: /, "Not cloned: ")
                : "Cloning",
          )}
        </p>
      </div>
    </section>
  );
}

export function SpecStep({ project }: { project: Project }) {
  const set = useSetSearch();
  const { data } = useQuery(streamQuery(`project-${project.name}`));
  const written = data?.findLast((event) => event.type === "project.spec_written");
  const [text, setText] = useTyped(`spec ${project.name}`, "");
  const [wrong, setWrong] = useState<string | null>(null);
  const action = useAction(
    () => writes.changeProject(project.name, { spec: text }),
    () => "The spec is written.",
  );
  const upload = async (file: File | undefined) => {
    if (!file) return;
    if (file.size > SPEC_MAX)
      return setWrong(`This file has ${num(file.size)} bytes; ${num(SPEC_MAX)} are allowed.`);
    setWrong(null);
    setText(await file.text());
  };
  const next = () => set({ step: "backlog" });
  const send = async () => {
    if (!(await action.go(undefined))) return;
    setText("");
    next();
  };
  return (
    <form className="stack max-w-3xl" onSubmit={submitted(() => void send())}>
      {written && (
        <p className="soft">
          A spec of {num(Number(written.data.bytes))} bytes is there. A new one replaces it.
        </p>
      )}
      <Area
        label="Spec"
        autoFocus
        rows={16}
        value={text}
        placeholder="What should exist when this is done, who uses it, what it must not do, and how one sees that it is done."
        wrong={wrong}
        onChange={(event) => setText(event.target.value)}
      />
      <Field
        label="Or take it from a file"
        type="file"
        accept=".md,.txt,text/*"
        onChange={(event) => void upload(event.target.files?.[0])}
      />
      {action.problem && <Refused detail={action.problem.detail} code={action.problem.code} />}
      <div className="row">
        <Button
          look="first"
          type="submit"
          busy={action.busy}
          unable={text.trim() ? null : "Write or paste it first"}
        >
          Write it, and on to the backlog
        </Button>
        <Button look="ghost" onClick={next}>
          {written ? "Keep it" : "Without a spec"}
        </Button>
      </div>
    </form>
  );
}

export function BacklogStep({ project }: { project: Project }) {
  const set = useSetSearch();
  const { data: board } = useQuery(boardQuery(project.name));
  const [text, setText] = useTyped(`backlog ${project.name}`, "");
  const cards = board ? COLUMNS.flatMap((name) => board.columns[name]) : [];
  const items = listed(text);
  const add = useAction(
    () =>
      writes.addBacklog(
        project.name,
        items.map((content) => ({ content })),
      ),
    () => `${many(items.length, "feature")} added.`,
  );
  const split = useAction(
    () => writes.initializeProject(project.name),
    () => "The initializer reads the spec as soon as the fleet is started.",
  );
  const problem = add.problem ?? split.problem;
  return (
    <div className="stack max-w-3xl">
      <p className="soft">
        Give the spec to the initializer, which splits it into features, or write features yourself.
        Nothing begins before you start the fleet.
      </p>
      <div className="row wrap">
        <Button autoFocus busy={split.busy} onClick={() => void split.go(undefined)}>
          Split the spec into features
        </Button>
      </div>
      <form
        className="stack"
        onSubmit={submitted(() => void add.go(undefined).then((done) => done && setText("")))}
      >
        <Area
          label="Features, one title a line"
          rows={6}
          value={text}
          hint="Indented lines say more about the title above them."
          onChange={(event) => setText(event.target.value)}
        />
        <div>
          <Button
            type="submit"
            busy={add.busy}
            unable={items.length > 0 ? null : "Write one first"}
          >
            Add {items.length > 0 ? many(items.length, "feature") : ""}
          </Button>
        </div>
      </form>
      {problem && <Refused detail={problem.detail} code={problem.code} />}
      {cards.length > 0 && (
        <table>
          <thead>
            <tr>
              <th>{many(cards.length, "feature")}</th>
              <th>Category</th>
              <th className="num">P</th>
            </tr>
          </thead>
          <tbody>
            {cards.slice(0, 50).map((card) => (
              <tr key={card.id}>
                <td>{visible(card.title)}</td>
                <td>
                  <Category name={card.category} />
                </td>
                <td className="num">{card.priority}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <div>
        <Button look="first" onClick={() => set({ step: "fleet" })}>
          On to the fleet
        </Button>
      </div>
    </div>
  );
}

/** What was chosen for the fleet; what was not is as the project has it. */
type Typed = { agent?: Agent; setup?: string; verify?: string; slots?: number };
const AS_IT_IS: Typed = {};

export function FleetStep({ project }: { project: Project }) {
  const go = useGo();
  const { settings, name } = project;
  const [typed, setTyped] = useTyped(`fleet ${name}`, AS_IT_IS);
  const change = (more: Typed) => setTyped({ ...typed, ...more });
  const {
    agent = agentOf(settings.agent),
    setup = settings.setup ?? "",
    verify = settings.verify ?? "",
    slots = Math.max(1, project.target),
  } = typed;
  const action = useAction(
    async () => {
      await writes.changeProject(name, {
        agent: specOf(agent),
        ...(setup !== (settings.setup ?? "") && { setup }),
        verify,
        ...(verify.trim() === "" && { allow_unverified: true }),
      });
      await writes.setTarget(name, slots);
      return writes.startProject(name);
    },
    () => "Started.",
  );
  const send = async () => {
    if (!(await action.go(undefined))) return;
    setTyped(AS_IT_IS);
    go(`/p/${name}/board`);
  };
  return (
    <form className="stack max-w-3xl" onSubmit={submitted(() => void send())}>
      <AgentFields
        name="Coder"
        autoFocus
        agent={agent}
        onChange={(next) => change({ agent: next })}
      />
      <Field
        label="Each session is set up with"
        className="mono"
        value={setup}
        placeholder="npm ci"
        hint={
          settings.setup
            ? "As the repository's lock files have it, or as it was set."
            : "Nothing in the repository suggests a command."
        }
        onChange={(event) => change({ setup: event.target.value })}
      />
      <Field
        label="Each merge is verified with"
        className="mono"
        value={verify}
        placeholder="npm ci && npm test"
        hint="Without a command, merges are published and shown as unverified."
        onChange={(event) => change({ verify: event.target.value })}
      />
      <Dial
        label="slots wanted"
        value={slots}
        max={Math.min(10, settings.target_max ?? 10)}
        unable={null}
        onSend={(count) => {
          change({ slots: count });
          return true;
        }}
        say={() => "It can be changed at any time; fewer never ends a session."}
      />
      {action.problem && <Refused detail={action.problem.detail} code={action.problem.code} />}
      <div>
        <Button
          look="first"
          icon="play"
          type="submit"
          busy={action.busy}
          unable={agent.dialect === "unset" ? "Choose who works first" : null}
        >
          Start the fleet
        </Button>
      </div>
    </form>
  );
}
