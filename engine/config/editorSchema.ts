/**
 * The schema as VS Code should have it: for completions and hovers, without complaints of its own.
 *
 * Under `if`, VS Code's JSON service still sees which part describes what, and does not report what does not fit. The
 * extension's own diagnostics report that, with a suggestion and a quick fix; people would read each mistake twice.
 */
export function editorSchema(schema: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const {
    $schema,
    $defs,
    definitions,
    defaultSnippets,
    title,
    description,
    allowComments,
    allowTrailingCommas,
    ...rest
  } = schema;
  const outside = {
    $schema,
    $defs,
    definitions,
    defaultSnippets,
    title,
    description,
    allowComments,
    allowTrailingCommas,
  };
  const given = Object.entries(outside).filter(([, value]) => value !== undefined);
  return { ...Object.fromEntries(given), if: rest };
}
