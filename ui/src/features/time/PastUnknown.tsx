// Shown in the past where the server cannot tell yet how this screen was: nothing is made up in its place.
import { To } from "@/features/nav/links";
import { Head, Void } from "@/ui/Parts";

export function PastUnknown({ title }: { title: string }) {
  return (
    <>
      <Head title={title}>How this was at that instant is not known here.</Head>
      <div className="scroll">
        <Void
          art="half"
          title="Not known for this instant"
          actions={
            <To path="/log" className="btn">
              The log up to here
            </To>
          }
        >
          This server cannot put this screen at an earlier position yet. The log can be read up to
          here, event by event.
        </Void>
      </div>
    </>
  );
}
