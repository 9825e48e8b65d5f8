/** The last line with something in it, without the space around: that of a Python traceback says what is wrong. */
export function lastLine(text: string, mostCharacters = 300): string {
  const line = text.trim().split("\n").at(-1) ?? "";
  return line.trim().slice(0, mostCharacters);
}
