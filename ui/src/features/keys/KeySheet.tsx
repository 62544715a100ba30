// The list of keys, behind `?`.
import { Sheet } from "@/ui/Layers";
import { singleKeys } from "./keys";
import { keysShown } from "./state";

const KEYS: readonly (readonly [string, string])[] = [
  ["Board, fleet, merge queue, output", "G then B F T O"],
  ["Log, insights, settings", "G then L I S"],
  ["Projects, needs you", "G then P N"],
  ["Search this screen", "/"],
  ["Find or do anything", "⌃K"],
  ["Add a feature", "N"],
  ["Output", "D"],
  ["Next, previous", "J  K"],
  ["Open", "⏎"],
  ["Select", "X"],
  ["Lift and drop a card", "Space"],
  ["Close the topmost layer", "Esc"],
  ["One event back, on", "[  ]"],
  ["One mark back, on", "⇧[  ⇧]"],
  ["Play, pause", "P"],
  ["Back to now", "."],
  ["Approve", "E"],
  ["Send back", "R"],
  ["Follow output", "F"],
  ["Cause, consequence of an event", "←  →"],
  ["Light or dark", "⇧T"],
  ["This list", "?"],
];

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
      <p className="small muted mt-2">Inactive while you type. Esc leaves a field.</p>
    </Sheet>
  );
}
