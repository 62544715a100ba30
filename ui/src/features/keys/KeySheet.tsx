// The list of keys, behind `?`.
import { useState } from "react";
import { notifications, sounds } from "@/features/notices/notices";
import { askForNotifications } from "@/features/notices/useNotices";
import { Sheet } from "@/ui/Layers";
import { singleKeys } from "./keys";
import { keysShown } from "./state";

const KEYS: readonly (readonly [string, string])[] = [
  ["Board, fleet, merge queue, output", "G then B F T O"],
  ["Log, report, insights, settings", "G then L R I S"],
  ["Projects, needs you", "G then P N"],
  ["Search this screen", "/"],
  ["Find or do anything", "⌃K"],
  ["Add a feature", "N"],
  ["Output", "D"],
  ["Next, previous", "J  K"],
  ["Open", "⏎"],
  ["Select, select up to here", "X  ⇧X"],
  ["Lift and drop a card", "Space"],
  ["Close the topmost layer", "Esc"],
  ["One event back, on", "[  ]"],
  ["One mark back, on", "⇧[  ⇧]"],
  ["Play, pause", "P"],
  ["Back to now", "."],
  ["Longer, shorter line of time", "⌃ wheel, + −"],
  ["Approve", "E"],
  ["Send back", "R"],
  ["Comment on a line of a diff", "⇥ ↑ ↓ ⏎"],
  ["Follow output", "F"],
  ["Cause, consequence of an event", "←  →"],
  ["Light or dark", "⇧T"],
  ["This list", "?"],
];

/** Sounds and notifications: off until somebody wants them, in this browser alone. */
function Notices() {
  const loud = sounds.use();
  const told = notifications.use();
  const [refused, setRefused] = useState(false);
  const turn = async (on: boolean) => {
    const may = on && (await askForNotifications());
    setRefused(on && !may);
    notifications.set(may);
  };
  return (
    <>
      <label className="row small mt-2">
        <input
          type="checkbox"
          checked={loud}
          onChange={(event) => sounds.set(event.target.checked)}
        />{" "}
        Sounds, when this project starts, is complete or needs you
      </label>
      <label className="row small mt-2">
        <input
          type="checkbox"
          checked={told}
          onChange={(event) => void turn(event.target.checked)}
        />{" "}
        Notifications of the same, while the page is not looked at
      </label>
      {refused && <p className="small wrong">This browser does not let the page show any.</p>}
    </>
  );
}

export default function KeySheet() {
  const open = keysShown.use();
  const single = singleKeys.use();
  return (
    <Sheet open={open} onClose={() => keysShown.set(false)} title="Shortcuts">
      <h2 className="mb-3">Shortcuts</h2>
      <div className="keysheet">
        {KEYS.map(([what, keys]) => (
          <div key={what}>
            <span>{what}</span>
            <kbd>{keys}</kbd>
          </div>
        ))}
      </div>
      <label className="row small mt-4">
        <input
          type="checkbox"
          checked={single}
          onChange={(event) => singleKeys.set(event.target.checked)}
        />{" "}
        Single keys are on
      </label>
      <Notices />
      <p className="small muted mt-2">Inactive while you type. Esc leaves a field.</p>
    </Sheet>
  );
}
