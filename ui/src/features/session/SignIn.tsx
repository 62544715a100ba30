// Outside the frame: the one thing that is asked is the link of the ready line.
import { useState } from "react";
import { usePaper } from "@/features/frame/theme";
import { Button } from "@/ui/Button";
import { submitted } from "@/ui/events";
import { Field } from "@/ui/Field";
import { Logo, LogoArt } from "@/ui/Logo";
import { enter, secretOf } from "./enter";

export function SignIn() {
  const [typed, setTyped] = useState("");
  const [wrong, setWrong] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  usePaper(false);
  const send = async () => {
    const secret = secretOf(typed);
    if (!secret) return setWrong("This is neither a link of the ready line nor a token.");
    setBusy(true);
    setWrong(null);
    try {
      if (!(await enter(secret)))
        setWrong("The server does not know this token. It prints a new line at each start.");
    } catch {
      setWrong("The server cannot be reached. Try again.");
    } finally {
      setBusy(false);
    }
  };

  return (
    <main className="gate">
      <form className="l" onSubmit={submitted(() => void send())}>
        <span className="brand">
          <Logo />
          Supercargo
        </span>
        <h1>Sign in</h1>
        <p className="soft">
          When the server starts it prints a line with a link. Open that link, or paste it here.
        </p>
        <div className="max-w-sm">
          <Field
            label="Link or token"
            type="password"
            autoComplete="off"
            autoFocus
            value={typed}
            wrong={wrong}
            onChange={(event) => setTyped(event.target.value)}
          />
        </div>
        <div className="row">
          <Button
            look="first"
            type="submit"
            busy={busy}
            unable={typed.trim() ? null : "Paste the link first"}
          >
            Sign in
          </Button>
        </div>
        <p className="small muted">
          The line is lost? It is printed again when the server starts, and the token is in the file{" "}
          <code>token</code> of its data folder.
        </p>
      </form>
      <div className="r">
        <LogoArt />
      </div>
    </main>
  );
}
