import { expect, it } from "vitest";
import { remedyOf, sectionOf } from "./remedies";

it.each([
  ["supercargo project stop zoo", "Stop the project"],
  ["supercargo project start zoo", "Start the project"],
  ["supercargo project retry zoo", "Try again"],
  ["supercargo project initialize zoo", "Split the spec again"],
  ["supercargo queue resume zoo", "Resume the merge queue"],
  ["supercargo project set zoo --target 1", "Want one slot"],
  ["supercargo feature close zoo zoo-1", "Close it…"],
  ["supercargo project upstream accept zoo 4b825dc6", "Take upstream as it is…"],
  ["supercargo project upstream follow zoo", "Follow the branch…"],
  ["supercargo project upstream forget-host-keys zoo", "Forget the pinned keys…"],
  ["supercargo feature undo zoo zoo-1", "Undo it again"],
  ["supercargo feature requeue zoo zoo-1", "Try it again"],
  ["supercargo container restart zoo 3", "Back in service"],
])("%s is a button", (command, label) => expect(remedyOf(command, "zoo")?.label).toBe(label));

it("leads to where a value is typed", () => {
  expect(remedyOf("supercargo project set zoo --verify COMMAND", "zoo")).toBeNull();
  expect(sectionOf("supercargo project set zoo --verify COMMAND")).toBe("verification");
  expect(sectionOf("supercargo project set zoo --token-file FILE")).toBe("repository");
});

it("makes nothing of what it does not know, nor of another project's", () => {
  for (const command of [null, "", "rm -rf zoo", "supercargo project stop other"])
    expect(remedyOf(command, "zoo")).toBeNull();
});
