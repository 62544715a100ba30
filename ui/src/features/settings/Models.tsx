// Which agent does what: one for every role, and others for those that do not take it.
import { useState } from "react";
import { Field, Select } from "@/ui/Field";
import { type Agent, agentOf, DIALECTS, specOf } from "./form";
import { Section, type Shown } from "./Section";

const ROLES = ["reviewer", "overseer", "initializer"] as const;
type Role = (typeof ROLES)[number];

export function AgentFields({
  name,
  agent,
  autoFocus = false,
  onChange,
}: {
  name: string;
  autoFocus?: boolean;
  agent: Agent;
  onChange: (agent: Agent) => void;
}) {
  return (
    <div className="g2">
      <Select
        label={`${name} speaks through`}
        autoFocus={autoFocus}
        value={agent.dialect}
        onChange={(event) =>
          onChange({ ...agent, dialect: event.target.value as Agent["dialect"] })
        }
      >
        {DIALECTS.map(([dialect, text]) => (
          <option key={dialect} value={dialect}>
            {text}
          </option>
        ))}
      </Select>
      <Field
        label={`Model of the ${name.toLowerCase()}`}
        value={agent.model}
        placeholder="As its command line has it"
        onChange={(event) => onChange({ ...agent, model: event.target.value })}
      />
      {agent.dialect === "command" && (
        <Field
          label={`Command of the ${name.toLowerCase()}`}
          className="mono"
          value={agent.command}
          onChange={(event) => onChange({ ...agent, command: event.target.value })}
        />
      )}
    </div>
  );
}

export function Models(of: Shown) {
  const { settings } = of.project;
  const [coder, setCoder] = useState(agentOf(settings.agent));
  const [others, setOthers] = useState<Record<Role, Agent | null>>(() => {
    const own = (role: Role) => (settings.agents?.[role] ? agentOf(settings.agents[role]) : null);
    return {
      reviewer: own("reviewer"),
      overseer: own("overseer"),
      initializer: own("initializer"),
    };
  });
  const agents = Object.fromEntries(
    ROLES.map((role) => [role, others[role] ? specOf(others[role]) : null]),
  );
  const before = { initializer: null, overseer: null, reviewer: null, ...settings.agents };
  const same =
    JSON.stringify(before) ===
    JSON.stringify({
      initializer: agents.initializer,
      overseer: agents.overseer,
      reviewer: agents.reviewer,
    });
  const own = JSON.stringify(specOf(agentOf(settings.agent))) === JSON.stringify(specOf(coder));

  return (
    <Section
      of={of}
      title="Models"
      about="The agent of coders does every role that has none of its own. A model that the server has no key for is refused, with what to do."
      change={{ ...(!own && { agent: specOf(coder) }), ...(!same && { agents }) }}
    >
      <AgentFields name="Coder" agent={coder} onChange={setCoder} />
      {ROLES.map((role) => {
        const name = role.charAt(0).toUpperCase() + role.slice(1);
        const agent = others[role];
        return (
          <div key={role} className="stack">
            <label className="row small">
              <input
                type="checkbox"
                checked={agent !== null}
                onChange={(event) =>
                  setOthers({ ...others, [role]: event.target.checked ? { ...coder } : null })
                }
              />{" "}
              {name} takes another
            </label>
            {agent && (
              <AgentFields
                name={name}
                agent={agent}
                onChange={(next) => setOthers({ ...others, [role]: next })}
              />
            )}
          </div>
        );
      })}
    </Section>
  );
}
