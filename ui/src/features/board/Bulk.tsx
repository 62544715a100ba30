// What can be done with several features at once. Each is its own write; what is refused is told by its name.
import { useState } from "react";
import { useAction } from "@/features/api/action";
import { ApiError, asProblem } from "@/features/api/problem";
import { writes } from "@/features/api/writes";
import { Button } from "@/ui/Button";
import { Select } from "@/ui/Field";
import { many } from "@/ui/format";
import { Confirm } from "@/ui/Layers";
import { Refused } from "@/ui/Parts";

type What = { said: string; run: (id: string) => Promise<unknown> };

/** Does it for each; what went wrong is one sentence. */
export async function forEach(
  ids: readonly string[],
  run: (id: string) => Promise<unknown>,
): Promise<unknown> {
  let last: unknown = null;
  const refused: string[] = [];
  for (const id of ids) {
    try {
      last = await run(id);
    } catch (thrown) {
      refused.push(`${id}: ${asProblem(thrown).detail}`);
    }
  }
  if (refused.length > 0) throw new ApiError(0, "some_refused", refused.join(" "));
  return last;
}

export default function Bulk({
  project,
  ids,
  onClear,
}: {
  project: string;
  ids: readonly string[];
  onClear: () => void;
}) {
  const [asking, setAsking] = useState(false);
  const action = useAction(
    ({ run }: What) => forEach(ids, run),
    ({ said }) => `${many(ids.length, "feature")} ${said}.`,
  );
  const go = async (what: What) => {
    if (await action.go(what)) onClear();
  };
  if (ids.length === 0) return null;

  return (
    <div className="tools" role="toolbar" aria-label="Selected features">
      <b className="small">{many(ids.length, "feature")} selected</b>
      <Select
        label="Priority of the selected"
        hideLabel
        value=""
        onChange={(event) => {
          const priority = Number(event.target.value);
          void go({
            said: `have priority ${priority}`,
            run: (id) => writes.changeFeature({ p: project, id }, { priority }),
          });
        }}
      >
        <option value="">Priority…</option>
        {[0, 1, 2, 3, 4].map((n) => (
          <option key={n}>{n}</option>
        ))}
      </Select>
      <Button
        busy={action.busy}
        onClick={() =>
          void go({
            said: "are back in the backlog",
            run: (id) => writes.requeue({ p: project, id }),
          })
        }
      >
        Try again
      </Button>
      <Button look="danger" busy={action.busy} onClick={() => setAsking(true)}>
        Withdraw…
      </Button>
      <Button look="ghost" keys="Esc" onClick={onClear}>
        Clear
      </Button>
      {action.problem && <Refused detail={action.problem.detail} code={action.problem.code} />}
      <Confirm
        question={
          asking
            ? {
                title: `Withdraw ${many(ids.length, "feature")}?`,
                consequences: (
                  <p>They leave the board and the counts. What they were stays in the log.</p>
                ),
                yes: "Withdraw",
                danger: true,
              }
            : null
        }
        busy={action.busy}
        onNo={() => setAsking(false)}
        onYes={() => {
          setAsking(false);
          void go({ said: "withdrawn", run: (id) => writes.withdrawFeature({ p: project, id }) });
        }}
      />
    </div>
  );
}
