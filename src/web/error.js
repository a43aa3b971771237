/** The one error class: what the engine reports, as an Error with a stable `code`. */
export class InterpreterError extends Error {
  constructor({ code, stage, speaker, field, message, retryable = false }, cause) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "InterpreterError";
    this.code = code;
    this.stage = stage;
    if (speaker !== undefined) this.speaker = speaker;
    if (field !== undefined) this.field = field;
    this.retryable = retryable;
  }

  /** What Rust threw: a plain object with a code. Anything else is a crash of the engine. */
  static from(thrown, cause = thrown?.cause) {
    if (thrown instanceof InterpreterError) return thrown;
    if (typeof thrown?.code === "string" && typeof thrown.stage === "string")
      return new InterpreterError(thrown, cause);
    return new InterpreterError(
      { code: "engine-failed", stage: "engine", message: "the engine failed unexpectedly; see cause" },
      thrown,
    );
  }
}

/** Calls `run` and makes an InterpreterError of whatever it throws. */
export function guarded(run) {
  try {
    return run();
  } catch (thrown) {
    throw InterpreterError.from(thrown);
  }
}

/** The same for a promise. */
export async function guardedAsync(run) {
  try {
    return await run();
  } catch (thrown) {
    throw InterpreterError.from(thrown);
  }
}
