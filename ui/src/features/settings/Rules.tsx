// Verification, limits and the way out of a project.
import { useState } from "react";
import type { ProjectChange } from "@/features/api/shapes";
import { Area, Field } from "@/ui/Field";
import { linesOf, msOf, ruleOf, ruleText, wordsOf } from "./form";
import { Section, type Shown } from "./Section";

const whole = (text: string, from = 0) =>
  /^\d{1,12}$/.test(text.trim()) && Number(text) >= from ? Number(text) : null;

type Box = { label: string; checked: boolean; onChange: (checked: boolean) => void };
function Check({ label, checked, onChange }: Box) {
  return (
    <label className="row small">
      <input
        type="checkbox"
        checked={checked}
        onChange={(event) => onChange(event.target.checked)}
      />{" "}
      {label}
    </label>
  );
}

export function Verification(of: Shown) {
  const { settings } = of.project;
  const [setup, setSetup] = useState(settings.setup ?? "");
  const [verify, setVerify] = useState(settings.verify ?? "");
  const [batch, setBatch] = useState(String(settings.batch_max ?? 1));
  const [paths, setPaths] = useState((settings.protected ?? []).join("\n"));
  const [hold, setHold] = useState(settings.hold_checks ?? false);
  const [unverified, setUnverified] = useState(settings.allow_unverified ?? false);
  const most = whole(batch, 1);
  const change: ProjectChange | null =
    most === null
      ? null
      : {
          ...(setup !== (settings.setup ?? "") && { setup }),
          ...(verify !== (settings.verify ?? "") && { verify }),
          ...(most !== (settings.batch_max ?? 1) && { batch_max: most }),
          ...(paths !== (settings.protected ?? []).join("\n") && { protected: linesOf(paths) }),
          ...(hold !== (settings.hold_checks ?? false) && { hold_checks: hold }),
          ...(unverified !== (settings.allow_unverified ?? false) && {
            allow_unverified: unverified,
          }),
        };
  return (
    <Section
      of={of}
      title="Verification"
      about="Runs on exactly the tree that would be published, in a container of its own."
      change={change}
    >
      <div className="g2">
        <Field
          label="Set up"
          className="mono"
          value={setup}
          placeholder="npm ci"
          onChange={(event) => setSetup(event.target.value)}
        />
        <Field
          label="Verify"
          className="mono"
          value={verify}
          placeholder="npm test"
          onChange={(event) => setVerify(event.target.value)}
        />
        <Field
          label="Merges at a time"
          inputMode="numeric"
          value={batch}
          wrong={most === null ? "A whole number from 1" : null}
          onChange={(event) => setBatch(event.target.value)}
        />
      </div>
      <Area
        label="Wait for me when these change"
        className="mono"
        rows={4}
        value={paths}
        hint="Paths, one a line. Without any, the server's own list holds: CI, hooks, lock files."
        onChange={(event) => setPaths(event.target.value)}
      />
      <Check
        label="Wait for me when what verifies a change is changed by it"
        checked={hold}
        onChange={setHold}
      />
      <Check
        label="Merge without a verification command, and show it as unverified"
        checked={unverified}
        onChange={setUnverified}
      />
    </Section>
  );
}

const TIMES = [
  ["session_wall_ms", "Longest session"],
  ["lease_ms", "A slot's claim lives without a sign of life"],
  ["outside_lease_ms", "A claim from outside lives without one"],
  ["drain_ms", "Draining becomes stopping after"],
  ["rescue_ms", "Work is secured every"],
  ["keep_work_ms", "What claims left is kept"],
] as const;

const SIZES = [
  ["memory_mib", "Memory of a slot, MiB"],
  ["work_mib", "Of it, its work folder, MiB"],
  ["cpu_milli", "Processor of a slot, thousandths"],
  ["pids", "Processes and threads"],
  ["cache_mib", "Package caches, MiB"],
] as const;

export function Limits(of: Shown) {
  const { settings } = of.project;
  const container = settings.container ?? {};
  const [times, setTimes] = useState(() =>
    Object.fromEntries(TIMES.map(([name]) => [name, wordsOf(settings[name])])),
  );
  const [sizes, setSizes] = useState(() =>
    Object.fromEntries(
      SIZES.map(([name]) => [name, container[name] === undefined ? "" : String(container[name])]),
    ),
  );
  const [slots, setSlots] = useState(String(settings.target_max ?? 10));
  const spans = TIMES.map(([name]) => ({
    name,
    text: times[name] ?? "",
    ms: msOf(times[name] ?? ""),
  }));
  const numbers = SIZES.map(([name]) => ({
    name,
    text: sizes[name] ?? "",
    n: whole(sizes[name] ?? ""),
  }));
  const most = whole(slots);
  const bad =
    spans.some((one) => one.text !== "" && one.ms === null) ||
    numbers.some((one) => one.text !== "" && one.n === null) ||
    most === null;
  const wanted = {
    ...container,
    ...Object.fromEntries(numbers.filter((one) => one.n !== null).map((one) => [one.name, one.n])),
  };
  const times2 = Object.fromEntries(
    spans
      .filter((one) => one.ms !== null && one.ms !== settings[one.name])
      .map((one) => [one.name, one.ms]),
  );
  const change: ProjectChange | null = bad
    ? null
    : {
        ...times2,
        ...(JSON.stringify(wanted) !== JSON.stringify(container) && { container: wanted }),
        ...(most !== (settings.target_max ?? 10) && most !== null && { target_max: most }),
      };
  return (
    <Section
      of={of}
      title="Limits"
      about="What sessions and containers get. Running ones keep what they have."
      change={change}
    >
      <div className="g2">
        {TIMES.map(([name, label]) => (
          <Field
            key={name}
            label={label}
            value={times[name] ?? ""}
            placeholder="as usual"
            wrong={
              times[name] && msOf(times[name] ?? "") === null
                ? "A duration, such as 2 h or 90 min"
                : null
            }
            onChange={(event) => setTimes({ ...times, [name]: event.target.value })}
          />
        ))}
        {SIZES.map(([name, label]) => (
          <Field
            key={name}
            label={label}
            inputMode="numeric"
            value={sizes[name] ?? ""}
            placeholder="as usual"
            wrong={sizes[name] && whole(sizes[name] ?? "") === null ? "A whole number" : null}
            onChange={(event) => setSizes({ ...sizes, [name]: event.target.value })}
          />
        ))}
        <Field
          label="Slots at most"
          inputMode="numeric"
          value={slots}
          wrong={most === null ? "A whole number" : null}
          onChange={(event) => setSlots(event.target.value)}
        />
      </div>
    </Section>
  );
}

export function Egress(of: Shown) {
  const { settings } = of.project;
  const before = (settings.egress ?? []).map(ruleText).join("\n");
  const [text, setText] = useState(before);
  const lines = linesOf(text);
  const rules = lines.map(ruleOf);
  const wrong = lines.find((_, at) => rules[at] === null);
  const good = rules.flatMap((rule) => rule ?? []);
  return (
    <Section
      of={of}
      title="Way out"
      about="Containers have no network. What is listed here is let through their door; everything else is turned down and counted."
      change={wrong !== undefined ? null : text === before ? {} : { egress: good }}
    >
      <Area
        label="Hosts that are let through"
        className="mono"
        rows={6}
        value={text}
        wrong={
          wrong === undefined
            ? null
            : `“${wrong}” is no rule: a host, a port, then methods and the beginning of a path where you want only those.`
        }
        hint="One a line: registry.example.org:443. *.example.org lets every name below it through."
        onChange={(event) => setText(event.target.value)}
      />
    </Section>
  );
}
