// First run: what a fleet needs of this machine. The server cannot say it over its API yet, so the command is shown that
// does; what this page knows by itself is told.
import { useQuery } from "@tanstack/react-query";
import { projectsQuery, statsQuery } from "@/features/api/queries";
import { usePaper } from "@/features/frame/theme";
import { To } from "@/features/nav/links";
import { Button } from "@/ui/Button";
import { Icon } from "@/ui/icons";
import { Logo, LogoArt } from "@/ui/Logo";
import { toast } from "@/ui/Toasts";

const COMMANDS = [
  ["supercargo doctor", "Says what this machine has and what it lacks, each with what to do."],
  ["supercargo try", "Starts a demo fleet of scripted agents on fresh data: no key, no network."],
] as const;

function Row({ good, name, text }: { good: boolean; name: string; text: string }) {
  return (
    <tr>
      <td className={good ? "text-done" : "text-wait"}>
        <Icon name={good ? "ok" : "clock"} />
      </td>
      <td>
        <b>{name}</b>
        <br />
        <span className="small soft">{text}</span>
      </td>
    </tr>
  );
}

export default function DoctorScreen() {
  usePaper(false);
  const { data, isError } = useQuery(statsQuery());
  const { data: projects } = useQuery(projectsQuery());
  return (
    <main className="gate">
      <div className="l">
        <span className="brand">
          <Logo />
          Supercargo
        </span>
        <h1>First run</h1>
        <table className="checks">
          <tbody>
            <Row
              good={data !== undefined}
              name="Server"
              text={
                data
                  ? `Answers; its log is at position ${data.head}.`
                  : isError
                    ? "Does not answer."
                    : "Asked."
              }
            />
            <Row
              good={(projects?.length ?? 0) > 0}
              name="Projects"
              text={
                projects
                  ? projects.length > 0
                    ? `${projects.length} registered.`
                    : "None yet."
                  : "Asked."
              }
            />
          </tbody>
        </table>
        <p className="soft">Engine, git, memory and keys of models are checked on the server:</p>
        {COMMANDS.map(([command, what]) => (
          <div key={command}>
            <div className="row">
              <pre className="raw grow">{command}</pre>
              <Button
                small
                icon="copy"
                aria-label={`Copy: ${command}`}
                onClick={() =>
                  void navigator.clipboard?.writeText(command).then(() => toast("Copied."))
                }
              />
            </div>
            <p className="small soft">{what}</p>
          </div>
        ))}
        <div className="row wrap">
          <To className="btn first" path="/new">
            Set up a project
          </To>
          <To className="btn" path="/">
            Projects
          </To>
        </div>
      </div>
      <div className="r">
        <LogoArt />
      </div>
    </main>
  );
}
