/** Options of Node, by its variable NODE_OPTIONS, that set its clock ahead by so many milliseconds. */
export function clockAhead(ms: number): string {
  const program = `const now = Date.now; Date.now = () => now() + ${ms}`;
  return `--import=data:text/javascript,${encodeURIComponent(program)}`;
}
