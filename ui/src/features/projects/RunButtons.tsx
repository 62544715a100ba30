// Start, drain and stop a project, wherever that is offered. Stopping asks first and says what drain would do instead.
import { useState } from "react";
import { useAction } from "@/features/api/action";
import type { Project } from "@/features/api/shapes";
import { writes } from "@/features/api/writes";
import { Button } from "@/ui/Button";
import { many } from "@/ui/format";
import { Confirm } from "@/ui/Layers";
import { Refused } from "@/ui/Parts";

type Deed = "start" | "drain" | "stop";
const SAID: Record<Deed, string> = {
  start: "Started.",
  drain: "Draining: what runs finishes, nothing new begins.",
  stop: "Stopping: work is being secured.",
};

export function RunButtons({ project, busy }: { project: Project; busy: number }) {
  const [asking, setAsking] = useState(false);
  const { name, status } = project;
  const action = useAction(
    (deed: Deed) =>
      ({ start: writes.startProject, drain: writes.drainProject, stop: writes.stopProject })[deed](
        name,
      ),
    (deed) => SAID[deed],
  );
  const running = status === "running" || status === "draining";

  return (
    <>
      {!running && (
        <Button look="first" icon="play" busy={action.busy} onClick={() => void action.go("start")}>
          Start
        </Button>
      )}
      {status === "running" && (
        <Button busy={action.busy} onClick={() => void action.go("drain")}>
          Drain
        </Button>
      )}
      {running && (
        <Button look="danger" busy={action.busy} onClick={() => setAsking(true)}>
          Stop
        </Button>
      )}
      {action.problem && <Refused detail={action.problem.detail} code={action.problem.code} />}
      <Confirm
        question={
          asking
            ? {
                title: `Stop ${name} now?`,
                consequences: (
                  <>
                    <p>
                      {busy > 0
                        ? `${many(busy, "session")} ${busy === 1 ? "ends" : "end"}. The work is secured first; the next claim goes on from there.`
                        : "No session runs now. Nothing new begins until it is started again."}
                    </p>
                    <p>To let what runs finish instead, drain.</p>
                  </>
                ),
                yes: "Stop now",
                danger: true,
              }
            : null
        }
        busy={action.busy}
        onNo={() => setAsking(false)}
        onYes={() => {
          setAsking(false);
          void action.go("stop");
        }}
      />
    </>
  );
}
