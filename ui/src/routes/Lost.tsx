// An address that leads nowhere.
import { To } from "@/features/nav/links";
import { Void } from "@/ui/Parts";

export function Lost() {
  return (
    <main className="p-6 max-w-xl">
      <h1 className="sr">No such page</h1>
      <Void
        title="No such page"
        actions={
          <To className="btn" path="/">
            Projects
          </To>
        }
      >
        Nothing is at this address.
      </Void>
    </main>
  );
}
