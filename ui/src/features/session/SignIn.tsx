// Coming in: the one thing that is asked is the link of the ready line. Outside the frame for who is new here; over
// everything for whoever was at work when their session ended.
import { useEffect, useRef, useState } from "react";
import { usePaper } from "@/features/frame/theme";
import { Button } from "@/ui/Button";
import { submitted } from "@/ui/events";
import { Field } from "@/ui/Field";
import { Logo, LogoArt } from "@/ui/Logo";
import { enter, secretOf } from "./enter";

function SignInForm() {
  const [typed, setTyped] = useState("");
  const [wrong, setWrong] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const send = async () => {
    const secret = secretOf(typed);
    if (!secret) return setWrong("This is neither a link of the server nor a token.");
    setBusy(true);
    setWrong(null);
    const problem = await enter(secret);
    // When it went well, this is not shown any more.
    if (!problem) return;
    setBusy(false);
    setWrong(
      problem.status === 0
        ? "The server cannot be reached. Try again."
        : `Not let in: ${problem.detail}.`,
    );
  };

  return (
    <form className="signin" onSubmit={submitted(() => void send())}>
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
        A link is good once. <code>supercargo sign-in</code> prints another, and the token is in the
        file <code>token</code> of the server's data folder.
      </p>
    </form>
  );
}

export function SignIn() {
  usePaper(false);
  return (
    <main className="gate">
      <div className="l">
        <span className="brand">
          <Logo />
          Supercargo
        </span>
        <h1>Sign in</h1>
        <p className="soft">
          When the server starts it prints a line with a link. Open that link, or paste it here.
        </p>
        <SignInForm />
      </div>
      <div className="r">
        <LogoArt />
      </div>
    </main>
  );
}

export function SignInAgain() {
  const box = useRef<HTMLDialogElement>(null);
  useEffect(() => box.current?.showModal(), []);
  return (
    <dialog
      ref={box}
      className="signin-again"
      aria-labelledby="signin-again"
      onCancel={(event) => event.preventDefault()}
      onKeyDown={(event) => event.stopPropagation()}
    >
      <h2 id="signin-again">Sign in again</h2>
      <p className="soft">
        This browser is not signed in any more. What you typed is still here, below.
      </p>
      <SignInForm />
    </dialog>
  );
}
