// Settings of a project, a section at a time. A change takes effect at the next assignment.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { asProblem } from "@/features/api/problem";
import { projectsQuery } from "@/features/api/queries";
import type { Project } from "@/features/api/shapes";
import { To, useAt } from "@/features/nav/links";
import { Chip } from "@/ui/Chip";
import { Head, NotShown, Skeleton, Void } from "@/ui/Parts";
import { Models } from "./Models";
import { Delete, Readers } from "./Readers";
import { Repository } from "./Repository";
import { Egress, Limits, Verification } from "./Rules";

const SECTIONS = {
  models: ["Models", Models],
  verification: ["Verification", Verification],
  limits: ["Limits", Limits],
  egress: ["Way out", Egress],
  repository: ["Repository", Repository],
  readers: ["Readers", Readers],
  delete: ["Delete", Delete],
} as const;

type Name = keyof typeof SECTIONS;
const named = (section: string): Name => (section in SECTIONS ? (section as Name) : "models");

/**
 * The fields of a section begin with the settings as they were then. What somebody else saves meanwhile comes into them
 * while nothing is typed; else whoever types decides.
 */
function Shown({ project, section, isPast }: { project: Project; section: Name; isPast: boolean }) {
  const [, Section] = SECTIONS[section];
  const [base, setBase] = useState(project);
  const [afresh, setAfresh] = useState(0);
  const moved = JSON.stringify(base.settings) !== JSON.stringify(project.settings);
  const meanwhile = moved
    ? {
        keep: () => setBase(project),
        take: () => {
          setBase(project);
          setAfresh(afresh + 1);
        },
      }
    : null;
  return (
    <Section
      key={afresh}
      project={moved ? base : project}
      now={project}
      meanwhile={meanwhile}
      isPast={isPast}
    />
  );
}

export default function SettingsScreen({ project, section }: { project: string; section: string }) {
  const at = useAt();
  const isPast = at !== null;
  const { data, error } = useQuery(projectsQuery(at));
  if (error && !data)
    return <NotShown detail={asProblem(error).detail} code={asProblem(error).code} />;
  if (!data) return <Skeleton lines={6} />;
  const one = data.find((candidate) => candidate.name === project);
  const current = named(section);
  return (
    <>
      <Head title="Settings" actions={isPast && <Chip tone="wait">Read only</Chip>}>
        {project}. A change takes effect at the next assignment; running sessions keep what they
        have.
      </Head>
      <div className="scroll">
        {one ? (
          <div className="settings">
            <nav aria-label="Settings">
              {(Object.keys(SECTIONS) as Name[]).map((name) => (
                <To
                  key={name}
                  path={`/p/${project}/settings/${name}`}
                  aria-current={name === current ? "page" : undefined}
                >
                  {SECTIONS[name][0]}
                </To>
              ))}
            </nav>
            <div>
              <Shown
                key={`${current} ${at ?? ""}`}
                project={one}
                section={current}
                isPast={isPast}
              />
            </div>
          </div>
        ) : (
          <Void title="No such project">There is no project of this name.</Void>
        )}
      </div>
    </>
  );
}
